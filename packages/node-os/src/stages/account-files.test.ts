import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AccountFacts,
  type AccountFiles,
  formatLines,
  parseLines,
  withUser,
} from './account-files.ts'

const files: AccountFiles = {
  passwd: parseLines('root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n+nis\n'),
  shadow: parseLines('root:*:19000:0:99999:7:::\nann:!:19000:1:2:3:4:5:\n'),
  group: parseLines('root:x:0:\nusers:x:100:\nann:x:1000:\nadmin:x:900:ann\n'),
  gshadow: parseLines('admin:!::ann\n'),
}
const facts: AccountFacts = {
  password: '$6$x$y',
  today: '20000',
  homeOwner: undefined,
  otherOwners: [],
  defaultHome: '/home',
  defaultShell: '/bin/sh',
}
type Wish = Parameters<typeof withUser>[2]

function changed(name: string, user: Wish, more: Partial<AccountFacts> = {}) {
  const result = withUser(files, name, user, { ...facts, ...more })
  assert.ok(result.ok, result.ok ? '' : result.message)
  const last = (lines: AccountFiles['passwd'] | undefined) =>
    formatLines(lines ?? [])
      .trim()
      .split('\n')
      .at(-1)
  return {
    passwd: last(result.files.passwd),
    shadow: last(result.files.shadow),
    group: last(result.files.group),
    gshadow: last(result.files.gshadow),
    all: result.files,
    ...result.account,
  }
}

describe('a new user', () => {
  it('gets the next number, a group of its name and a password', () => {
    const { passwd, shadow, group, gshadow, isNew } = changed('bob', { gecos: 'Bob' })
    assert.equal(passwd, 'bob:x:1001:1001:Bob:/home/bob:/bin/sh')
    assert.equal(shadow, 'bob:$6$x$y:20000:0:99999:7:::')
    assert.equal(group, 'bob:x:1001:bob')
    assert.equal(gshadow, 'bob:!::bob')
    assert.equal(isNew, true)
  })

  it('leaves lines that nobody understands as they are', () => {
    assert.match(formatLines(changed('bob', {}).all.passwd), /^\+nis$/m)
  })

  const wishes: [string, Wish, Partial<AccountFacts>, string][] = [
    ['a number', { uid: 5000 }, {}, 'bob:x:5000:5000::/home/bob:/bin/sh'],
    ['numbers', { uid: 5000, gid: 6000 }, {}, 'bob:x:5000:6000::/home/bob:/bin/sh'],
    ['the number of a group that is there', { gid: 100 }, {}, 'bob:x:1001:100::/home/bob:/bin/sh'],
    ['a primary group', { primary_group: 'admin' }, {}, 'bob:x:1001:900::/home/bob:/bin/sh'],
    ['no group of its own', { no_user_group: true }, {}, 'bob:x:1001:100::/home/bob:/bin/sh'],
    ['to be of the system', { system: true }, {}, 'bob:x:100:1001::/home/bob:/bin/sh'],
    ['home and shell', { homedir: '/srv', shell: '/bin/no' }, {}, 'bob:x:1001:1001::/srv:/bin/no'],
    [
      'its old home',
      {},
      { homeOwner: { uid: 1234, gid: 1235 } },
      'bob:x:1234:1235::/home/bob:/bin/sh',
    ],
    [
      'a home of somebody who is there',
      {},
      { homeOwner: { uid: 1000, gid: 1000 } },
      'bob:x:1001:1001::/home/bob:/bin/sh',
    ],
    ['a home of root', {}, { homeOwner: { uid: 0, gid: 0 } }, 'bob:x:1001:1001::/home/bob:/bin/sh'],
    [
      'not the number of another home',
      {},
      { otherOwners: [{ uid: 1001, gid: 1001 }] },
      'bob:x:1002:1002::/home/bob:/bin/sh',
    ],
  ]
  for (const [what, user, more, expected] of wishes)
    it(`may want ${what}`, () => {
      assert.equal(changed('bob', user, more).passwd, expected)
    })

  it('joins groups, and one that is not there is made', () => {
    const { all } = changed('bob', { groups: ['admin', 'new', 'admin'] })
    assert.match(formatLines(all.group), /^admin:x:900:ann,bob$[\s\S]*^new:x:1002:bob$/m)
    assert.match(formatLines(all.gshadow ?? []), /^admin:!::ann,bob$[\s\S]*^new:!::bob$/m)
  })

  const refused: [string, Wish, RegExp][] = [
    ['a colon in a shell', { shell: '/bin/a:b' }, /colon/],
    ['a new line in a comment', { gecos: 'a\nb' }, /new line/],
    ['a primary group that is not there', { primary_group: 'nope' }, /nope is not there/],
    ['a group without a name', { groups: [''] }, /no name of a group/],
  ]
  for (const [what, user, expected] of refused)
    it(`is refused for ${what}`, () => {
      const result = withUser(files, 'bob', user, facts)
      assert.match(result.ok ? '' : result.message, expected)
    })

  it('changes nothing of what it is given', () => {
    const before = JSON.stringify(files)
    changed('bob', { groups: ['admin'] })
    assert.equal(JSON.stringify(files), before)
  })
})

describe('a user that is there', () => {
  it('changes its password only, and keeps the rest of its line', () => {
    const { all, isNew } = changed('ann', { uid: 7, groups: ['users'], shell: '/bin/no' })
    assert.match(formatLines(all.shadow), /^ann:\$6\$x\$y:20000:1:2:3:4:5:$/m)
    assert.deepEqual([all.passwd, all.group, isNew], [files.passwd, files.group, false])
  })

  it('without a password changes nothing', () => {
    assert.deepEqual(changed('ann', {}, { password: undefined }).all, files)
  })
})
