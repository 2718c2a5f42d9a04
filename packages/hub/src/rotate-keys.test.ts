import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { lockDataDirectory } from './hub-lock.ts'
import { isKeyRing, rotateKeys } from './rotate-keys.ts'
import { createSealer } from './trust/sealer.ts'
import { openServiceAccountKeys } from './trust/service-account-keys.ts'
import { openSigningKeys } from './trust/signing-keys.ts'

const clock = { now: () => Date.parse('2026-11-21T12:00:00Z') }
let data: string
let dir: string
before(async () => {
  data = await mkdtemp(join(tmpdir(), 'skerry-rotate-'))
  dir = join(data, 'keys')
})
after(() => rm(data, { recursive: true }))

test('a folder without keys is left alone', async () => {
  const options = { data: join(data, 'typo'), ring: 'accounts', withdraws: false } as const
  await assert.rejects(rotateKeys(options, clock), /is not the folder of a hub/)
})

test('each ring gets a new key, and what was signed and sealed stays good', async () => {
  const accounts = await openServiceAccountKeys({ dir })
  const token = await accounts.sign({ a: 1 })
  const sealed = (await createSealer({ dir })).seal('pin', 'x')
  const signing = await openSigningKeys({ dir, clock })
  for (const ring of ['accounts', 'sealing', 'signing'] as const)
    assert.match(await rotateKeys({ data, ring, withdraws: false }, clock), /new key/)
  const rotated = await openServiceAccountKeys({ dir })
  assert.equal(rotated.keySet().keys.length, 2)
  assert.deepEqual(await rotated.verify(token), { a: 1 })
  const sealer = await createSealer({ dir })
  assert.equal(sealer.open(sealed, 'x'), 'pin')
  assert.equal(sealer.isCurrent(sealed), false)
  const held = await openSigningKeys({ dir, clock })
  assert.equal(held.trusted().length, 2)
  assert.equal(held.current().keyid, signing.current().keyid)
})

test('old keys are withdrawn, but not those that sealed', async () => {
  await rotateKeys({ data, ring: 'accounts', withdraws: true }, clock)
  assert.equal((await openServiceAccountKeys({ dir })).keySet().keys.length, 1)
  await assert.rejects(
    rotateKeys({ data, ring: 'sealing', withdraws: true }, clock),
    /never withdrawn/,
  )
})

test('a hub that runs is not rotated behind its back', async () => {
  const before = await readFile(join(dir, 'service-account-keys.json'), 'utf8')
  using _lock = lockDataDirectory(data)
  await assert.rejects(
    rotateKeys({ data, ring: 'accounts', withdraws: false }, clock),
    /belongs to another hub that is running/,
  )
  assert.equal(await readFile(join(dir, 'service-account-keys.json'), 'utf8'), before)
})

test('rings have names', () => {
  assert.deepEqual(['signing', 'x', '__proto__', ''].map(isKeyRing), [true, false, false, false])
})
