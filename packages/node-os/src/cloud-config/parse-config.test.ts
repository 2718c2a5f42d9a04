import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findingText } from './finding.ts'
import { configBytesMax } from './limits.ts'
import { parseConfig } from './parse-config.ts'

const parse = (text: string) => parseConfig(new TextEncoder().encode(text), 'a.yaml')
const said = (text: string) => parse(text).findings.map(findingText)
const cloud = (text: string) => `#cloud-config\n${text}`

describe('a cloud-config file', () => {
  it('may begin with any of the headers of Kairos, after comments', () => {
    for (const header of [
      '#cloud-config',
      '#kairos-config',
      '#node-config',
      '# mine\n\n#cloud-config',
    ])
      assert.deepEqual(said(`${header}\nhostname: a\n`), [])
  })

  it('without a header counts for its stages only, and says so', () => {
    const parsed = parse('name: x\nhostname: a\nstages:\n  boot:\n    - commands: [date]\n')
    assert.match(
      parsed.findings.map(findingText).join(),
      /a\.yaml:2:1: error: hostname: .*#cloud-config/,
    )
    assert.deepEqual([...parsed.stages.keys()], ['boot'])
  })

  it('tells a key that is not built yet from a key that nobody knows, each with its place', () => {
    const [first, second, third] = said(cloud('k3s: {enabled: true}\nhostnam: a\nqwertz: 1\n'))
    assert.match(first ?? '', /^a\.yaml:2:1: warning: k3s: .*known and not built yet/)
    assert.match(second ?? '', /^a\.yaml:3:1: warning: hostnam: .*did you mean hostname\?/)
    assert.match(third ?? '', /^a\.yaml:4:1: warning: qwertz: .*docs\/cloud-config\.md/)
  })

  it("says that Kairos' own page misspells sysctl", () => {
    assert.match(
      said(cloud('stages:\n  boot:\n    - systctl: {debug.exception-trace: "0"}\n')).join(),
      /did you mean sysctl/,
    )
  })

  it('tells a stage that is known and never run from one that nobody knows', () => {
    const [first, second] = said(cloud('stages:\n  after-install: []\n  netwrok.before: []\n'))
    assert.match(first ?? '', /:3:3: warning: .*known and not built yet/)
    assert.match(second ?? '', /:4:3: warning: .*did you mean network\.before\?/)
  })

  const wrongTypes: [string, RegExp][] = [
    ['hostname: "a b; reboot"', /error: hostname: "a b; reboot" must be letters/],
    [`hostname: ${'x'.repeat(65)}`, /error: hostname: .*at most/],
    ['hostname: [a]', /:2:11: error: hostname: must be text, and is a list/],
    ['users: kairos', /:2:8: error: users: must be a list, and is text, "kairos"/],
    ['users:\n- name: 007', /:3:9: error: users\[0\]\.name: .*must be a name.*in quotes/],
    ['users:\n- passwd: x', /:3:3: error: users\[0\]: needs name/],
    ['users: [{name: a, uid: -1}]', /uid: must be a whole number from 0/],
    ['users: [{name: a, lock_passwd: perhaps}]', /lock_passwd: must be true or false/],
    ['write_files: [{path: /a, permissions: "0899"}]', /permissions: must be octal digits/],
    ['write_files: [{path: a}]', /path: must be an absolute path, and is text, "a"/],
    ['write_files: [{path: /a, encoding: rot13}]', /encoding: must be one of b64/],
    ['stages: [boot]', /stages: must be a map, and is a list/],
    ['stages: {boot: {commands: [a]}}', /stages\.boot: must be a list of steps/],
    ['stages: {boot: [date]}', /stages\.boot\[0\]: must be a map, and is text/],
    ['stages: {boot: [{commands: date}]}', /commands: must be a list/],
    ['stages: {boot: [{only_os: "("}]}', /only_os: must be a regular expression/],
    ['skerry: {hub: "http://x"}', /skerry\.hub: must be an address such as https:/],
    ['skerry: {network: {interfaces: [{addresses: [10.0.0.1]}]}}', /with its prefix/],
    ['skerry: {checks: [{name: a}]}', /checks\[0\]: needs command/],
  ]
  for (const [text, expected] of wrongTypes)
    it(`names place, rule and value of ${text.replaceAll('\n', ' ')}`, () => {
      assert.match(said(cloud(text)).join('\n'), expected)
    })

  it('never prints a password, a token or the content of a file', () => {
    const all = said(
      cloud(
        'users: [{name: a, passwd: [hunter2]}]\nskerry: {token: "hunter2 x"}\nwrite_files: [{path: /a, content: [hunter2]}]',
      ),
    ).join('\n')
    assert.equal(all.split('error:').length - 1, 4)
    assert.doesNotMatch(all, /hunter2/)
  })

  it('leaves a step out whose condition cannot be read, and runs the others', () => {
    const { stages } = parse(
      cloud('stages:\n  boot:\n    - only_os: "("\n      commands: [a]\n    - commands: [b]\n'),
    )
    assert.deepEqual(
      stages.get('boot')?.map(({ commands }) => commands?.map(({ value }) => value)),
      [['b']],
    )
  })

  it('leaves a file out whose rights cannot be read', () => {
    const { stages } = parse(
      cloud('write_files:\n- {path: /secret, permissions: "0o9"}\n- {path: /other}\n'),
    )
    assert.deepEqual(
      stages.get('boot')?.[0]?.files?.map(({ value }) => value.path),
      ['/other'],
    )
  })

  it('reads rights as octal digits, and warns where Kairos reads decimal', () => {
    const rights = (text: string) =>
      parse(cloud(`write_files: [{path: /a, permissions: ${text}}]`)).stages.get('boot')?.[0]
        ?.files?.[0]?.value.permissions
    for (const text of ['0644', '"0644"', '"644"', '0o644', '644'])
      assert.equal(rights(text), 0o644)
    assert.match(said(cloud('write_files: [{path: /a, permissions: 644}]')).join(), /write 0644/)
  })

  it('takes a key without a value as one that was emptied', () => {
    assert.deepEqual(
      said(cloud('users:\nssh_authorized_keys:\n  # - github:me\nhostname: a\n')),
      [],
    )
  })

  it('follows aliases and merge keys', () => {
    const { stages, findings } = parse(
      cloud(
        'stages:\n  boot:\n    - &base\n      commands: [a]\n      name: one\n    - <<: *base\n      name: two\n',
      ),
    )
    assert.deepEqual(findings, [])
    assert.equal(stages.get('boot')?.[1]?.commands?.[0]?.value, 'a')
    assert.equal(stages.get('boot')?.[1]?.name, 'two')
  })
})

describe('a hostile cloud-config file', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
    .split('')
    .map((name, index) => `${name}: &${name} [${`*${'abcdefg'[index]},`.repeat(9)}]`)
    .join('\n')}\n`
  const hostile: [string, string | Uint8Array, RegExp][] = [
    ['a bomb of aliases', cloud(bomb), /holds more than 50000 values/],
    ['an alias of itself', cloud('a: &a [*a]\n'), /deep|anchor/],
    ['deep brackets', cloud(`a: ${'['.repeat(100_000)}`), /brackets nest/],
    ['deep brackets on lines', cloud(`a: [\n${'[\n'.repeat(50_000)}`), /brackets nest/],
    [
      'deep maps',
      cloud(Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')),
      /deep/,
    ],
    ['deep lists', cloud(`a:\n ${'- '.repeat(5000)}x`), /deep|cannot be read/],
    ['too much', cloud(`a: ${'x'.repeat(configBytesMax)}`), /at most 1048576 are read/],
    ['no UTF-8', new Uint8Array([0x23, 0xff, 0xfe, 0x00]), /UTF-8/],
    ['zero bytes', cloud('a: "\0"'), /zero bytes/],
    ['a script', '#!/bin/sh\nrm -rf /\n', /script/],
    ['a message of parts', 'Content-Type: multipart/mixed; boundary="x"\n\n--x\n', /MIME/],
    ['too many lines', cloud('- a\n'.repeat(200_000)), /lines and commas/],
    ['a key twice', cloud('hostname: a\nhostname: b\n'), /a\.yaml:3:1: error: .*twice/],
    ['a torn quote', cloud('hostname: "a\n'), /a\.yaml:3:1: error/],
    ['a tab', cloud('stages:\n\tboot: []\n'), /error/],
    ['a list', cloud('- a\n'), /a map of keys/],
  ]
  for (const [name, text, expected] of hostile)
    it(`is refused with a sentence: ${name}`, () => {
      const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
      const parsed = parseConfig(bytes, 'a.yaml')
      assert.match(parsed.findings.map(findingText).join('\n'), expected)
      assert.equal(parsed.stages.size, 0)
    })

  it('that is empty says and does nothing', () => {
    assert.deepEqual(said(''), [])
    assert.deepEqual(said('#cloud-config\n'), [])
  })

  it('does not touch prototypes', () => {
    assert.match(
      said(cloud('__proto__: {a: 1}\nconstructor: 1\n')).join(),
      /__proto__.*\n?.*constructor/,
    )
  })
})
