import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from './finding.ts'
import { plainValue } from './located.ts'
import { mergeConfigs } from './merge-configs.ts'
import { mergeLocated } from './merge-located.ts'
import { parseConfig } from './parse-config.ts'
import { parseYaml } from './parse-yaml.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function merge(...texts: readonly string[]) {
  const findings: Finding[] = []
  const merged = texts
    .map((text, index) => parseYaml(text, `${index}.yaml`).root!)
    .reduce((earlier, later) => mergeLocated(earlier, later, (finding) => findings.push(finding)))
  return { value: plainValue(merged), findings }
}

describe("values of several files, by the rules of Kairos' collector", () => {
  const cases: [string, readonly string[], unknown][] = [
    [
      'other keys stand side by side',
      ['name: Mario', 'surname: Bros'],
      { name: 'Mario', surname: 'Bros' },
    ],
    [
      'maps are merged deeply',
      ['info: {name: Mario}', 'info: {surname: Bros}'],
      { info: { name: 'Mario', surname: 'Bros' } },
    ],
    ['the later of two scalars wins', ['name: Mario', 'name: Luigi'], { name: 'Luigi' }],
    ['lists of scalars have no doubles', ['l: [1, 2]', 'l: [2, 3]'], { l: [1, 2, 3] }],
    [
      'lists of maps follow each other',
      ['l: [{a: 1}]', 'l: [{a: 1}]'],
      { l: [{ a: 1 }, { a: 1 }] },
    ],
    ['nothing empties a list', ['l: [1]', 'l: null'], { l: [] }],
    ['nothing empties a map', ['m: {a: 1}', 'm:'], { m: {} }],
    ['nothing empties a scalar', ['s: a', 's: null'], { s: null }],
    ['what was emptied can be filled', ['l: [1]', 'l: null', 'l: [2]'], { l: [2] }],
    ['of two sorts the later wins', ['a: [1]', 'a: {b: 1}'], { a: { b: 1 } }],
  ]
  for (const [name, texts, expected] of cases)
    it(name, () => {
      assert.deepEqual(merge(...texts).value, expected)
    })

  it('says when two files write a key differently', () => {
    assert.match(
      merge('a: [1]', 'a: {b: 1}').findings[0]?.message ?? '',
      /a map takes the place of a list of 0\.yaml:1/,
    )
  })
})

describe('several files', () => {
  it('keep each its own steps and share the skerry block', () => {
    const merged = mergeConfigs([
      parseConfig(
        bytes('#cloud-config\nhostname: a\nskerry: {hub: "https://a", ntp: [x]}\n'),
        'a.yaml',
      ),
      parseConfig(
        bytes('#cloud-config\nhostname: b\nskerry: {hub: "https://b", ntp: [y]}\n'),
        'b.yaml',
      ),
    ])
    assert.deepEqual(
      merged.stages.get('initramfs')?.map(({ hostname }) => hostname),
      ['a', 'b'],
    )
    assert.deepEqual(merged.skerry, { hub: 'https://b', ntp: ['x', 'y'] })
  })
})
