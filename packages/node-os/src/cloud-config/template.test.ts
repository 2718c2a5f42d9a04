import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { renderTemplate } from './template.ts'

const values = {
  MachineID: 'abcdef0123',
  Random: 'r',
  Values: { node: { hostname: 'bastion' }, memory: { size: 512 } },
}

describe('a template', () => {
  const rendered: [string, string][] = [
    ['node-{{ trunc 4 .MachineID }}', 'node-abcd'],
    ['{{.Values.node.hostname}}', 'bastion'],
    ['{{- .MachineID | trunc -4 | upper -}}', '0123'],
    ['{{ .Values.memory.size }} MB', '512 MB'],
    ['{{ replace "a" "b" "banana" }}', 'bbnbnb'],
    ['{{ default "x" "" }}{{ quote .Random }}', 'x"r"'],
    ['{{ trimPrefix "bas" .Values.node.hostname | trimSuffix `n` }}', 'tio'],
    ['no { braces } here', 'no { braces } here'],
    ['', ''],
  ]
  for (const [text, expected] of rendered)
    it(`${text} is ${expected}`, () => {
      assert.deepEqual(renderTemplate(text, values), { ok: true, text: expected })
    })

  const unknown = [
    '{{ .Values.nope }}',
    '{{ .Values.node }}',
    '{{ if .MachineID }}x{{ end }}',
    '{{ trunc .MachineID }}',
    '{{ exec "rm" }}',
    '{{ .constructor.name }}',
    '{{ .__proto__ }}',
    '{{ trunc "x" .MachineID }}',
    '{{}}',
    `{{ ${'x'.repeat(300)} }}`,
  ]
  for (const text of unknown)
    it(`${text.slice(0, 40)} is not known, and the text stays as it is`, () => {
      assert.equal(renderTemplate(text, values).ok, false)
    })
})
