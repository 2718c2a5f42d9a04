import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSchematic } from './parse-schematic.ts'
import { bytesOf } from './schematic.ts'

const parse = (text: string) => parseSchematic(Buffer.from(text))
const mistakes = (text: string) => {
  const parsed = parse(text)
  assert.ok(!parsed.ok, 'it was accepted')
  return parsed.mistakes
}
const good = 'name: edge\nversion: 1.2.3\nbase:\n  busybox: true\n'

test('a short schematic is given every default', () => {
  const parsed = parse(good)
  assert.ok(parsed.ok)
  const { kernel, agent, inference, compression, packages, watchdogSeconds } = parsed.schematic
  assert.deepEqual(
    { kernel, agent, inference, compression, packages, watchdogSeconds },
    {
      kernel: 'cloud',
      agent: true,
      inference: true,
      compression: 'none',
      packages: [],
      watchdogSeconds: 180,
    },
  )
})

test('sizes are bytes, MiB or GiB', () => {
  assert.ok(parse(`${good}slotBytes: 512MiB\nespBytes: 67108864\n`).ok)
  assert.deepEqual([bytesOf('512MiB'), bytesOf('2GiB'), bytesOf(7)], [2 ** 29, 2 ** 31, 7])
  assert.match(mistakes(`${good}slotBytes: much\n`)[0]!.message, /slotBytes is "much"/)
})

test('all mistakes are told at once, each with its place and what to do', () => {
  const found = mistakes(
    [
      'name: Edge Image',
      'version: one',
      'base: {busybox: true}',
      'agnet: true',
      'agent: 7',
      'compression: zip',
      'files:',
      '  - path: etc/motd',
      '    mode: 644',
      '    colour: red',
    ].join('\n'),
  )
  assert.deepEqual(
    found.map(({ line, column, message }) => [line, column, message.split(/[.,:]? /)[0]]),
    [
      [1, 1, 'name'],
      [2, 1, 'version'],
      [4, 1, 'agnet'],
      [5, 1, 'agent'],
      [6, 1, 'compression'],
      [8, 5, 'files[0].path'],
      [9, 5, 'files[0].mode'],
      [10, 5, 'files[0].colour'],
    ],
  )
  assert.match(found[2]!.message, /did you mean agent\?/)
  assert.match(found[3]!.message, /must be true or false, and is a whole number/)
  assert.match(found[4]!.message, /must be one of none, lz4/)
  assert.match(found[6]!.message, /must be text.*Write it in quotes/)
})

test('what fields say of each other is looked at', () => {
  const found = (text: string) => mistakes(text).map(({ message }) => message)
  assert.match(found('name: a\nversion: 1.0.0\nbase: {}\n')[0]!, /names nothing/)
  assert.match(found('name: a\nversion: 1.0.0\nbase: {oci: x, tar: y}\n')[0]!, /names oci and tar/)
  assert.match(found(`${good}packages: [vim]\n`)[0]!, /base of Debian only/)
  assert.match(found(`${good}commandLine: ["skerry.root=00"]\n`)[0]!, /set by the factory/)
  assert.match(found(`${good}files: [{path: /a}]\n`)[0]!, /either content or source/)
  assert.match(found(`${good}files: [{path: /a/../b, content: x}]\n`)[0]!, /must not hold/)
  assert.match(found(`${good}files: [{path: /tmp/b, content: x}]\n`)[0]!, /mounted over it/)
})

test('what is missing is pointed at from what is there', () => {
  assert.deepEqual(
    mistakes('name: a\n').map(({ line, message }) => [line, message.split('.')[0]]),
    [
      [1, 'version is missing'],
      [1, 'base is missing'],
    ],
  )
})

test('hostile files are refused in words', () => {
  const bomb = `a: &a [${'x,'.repeat(9)}x]\n${'bcdefghi'
    .split('')
    .map(
      (name, index) =>
        `${name}: &${name} [${`*${'abcdefgh'[index]},`.repeat(9)}*${'abcdefgh'[index]}]`,
    )
    .join('\n')}\n`
  const cases: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['a bomb of aliases', bomb, /cannot be read|nests deeper/],
    ['ten megabytes', 'x'.repeat(10 * 2 ** 20), /at most 1048576/],
    ['no UTF-8', Buffer.of(0xff, 0xfe, 0x00), /not UTF-8/],
    ['a list', '- a\n', /the file must be a mapping/],
    ['nothing', '', /the file must be a mapping|missing/],
    ['a number', '7', /the file must be a mapping/],
    ['one key twice', 'name: a\nname: b\n', /not YAML/],
    ['an open bracket', 'base: {busybox', /not YAML/],
    [
      'a deep nest',
      `name: ${'['.repeat(5000)}${']'.repeat(5000)}`,
      /nests deeper|not YAML|cannot be read/,
    ],
    ['a key called __proto__', `${good}__proto__: {x: 1}\n`, /not a field/],
    ['two documents', `${good}---\n${good}`, /not YAML/],
  ]
  for (const [name, text, pattern] of cases) {
    const parsed = parseSchematic(Buffer.from(text))
    assert.ok(!parsed.ok, name)
    assert.match(parsed.mistakes.map(({ message }) => message).join('\n'), pattern, name)
  }
})

test('the schematics of the examples are right', () => {
  const directory = join(import.meta.dirname, '../../../../examples/images')
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'))
  assert.ok(files.length >= 4)
  for (const file of files) {
    const parsed = parseSchematic(readFileSync(join(directory, file)))
    assert.ok(parsed.ok, `${file}: ${JSON.stringify(parsed)}`)
  }
})

test('nothing that a schematic says is lost on the way to a machine', () => {
  const messages = (lines: string) => mistakes(`${good}${lines}`).map(({ message }) => message)
  for (const [lines, pattern] of [
    ['files: [{path: /a, content: x}, {path: /a, content: y}]', /files\[1\].*one of the two/],
    ['files: [{path: //, content: x}]', /write it plainly/],
    ['files: [{path: /etc/./x, content: x}]', /write it plainly/],
    ['files: [{path: /tmp, content: x}]', /another file system/],
    ['cloudConfig: [{name: a.yaml, content: x}, {name: a.yaml, content: y}]', /one of the two/],
    ['cloudConfig: [{name: 51_image.yaml, content: x}, {content: y}]', /51_image.yaml/],
    ['persistentPaths: [/../x]', /write it plainly/],
    ['persistentPaths: [/usr/share]', /cannot be kept/],
    ['persistentPaths: [/etc]', /cannot be kept/],
    ['persistentPaths: ["/srv/a b"]', /letters, digits/],
    ['persistentPaths: [/var/lib/x]', /kept by every image already/],
    ['commandLine: [skerry.image]', /set by the factory/],
    ['"\\e[31mx": 1', /^\uFFFD\[31mx is not a field/],
    [`packages: ${'['.repeat(4_000)}`, /nests too deeply|must be/],
  ] as const)
    assert.match(messages(lines).join('\n'), pattern, lines)
  assert.ok(parse(`${good}persistentPaths: [/srv/site, /opt/app@1, /etc/mine]`).ok)
})
