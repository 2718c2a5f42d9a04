import assert from 'node:assert/strict'
import { it } from 'node:test'
import { unprivilegedAccount } from './postgres-place.ts'

const root = 'root:x:0:0:root:/root:/bin/bash'
const nobody = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin'
const postgres = 'postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash'

it('takes postgres before nobody before anybody, and never root', () => {
  const named = (...lines: string[]) => unprivilegedAccount(`${lines.join('\n')}\n`)
  assert.deepEqual(named(root, nobody, postgres), { name: 'postgres', uid: 101, gid: 104 })
  assert.deepEqual(named(root, nobody), { name: 'nobody', uid: 65534, gid: 65534 })
  assert.deepEqual(named(root, 'a:x:7:8:::'), { name: 'a', uid: 7, gid: 8 })
  assert.throws(() => named(root, '', 'broken'), /add one named postgres/)
})
