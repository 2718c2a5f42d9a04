import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { signEnvelope, verifyEnvelope } from '@skerry/artifact/dsse'
import { systemClock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import { createKeys } from './create-keys.ts'
import { enrolmentOf } from './enrolment.ts'
import { exportKeys } from './export-keys.ts'
import { KeyError, type KeyFailure } from './key-error.ts'
import { openImageKey, openSigner, readPublicKeys } from './open-keys.ts'

const passphrase = 'nine fair winds'
const chance = { clock: systemClock, random: seededRandom(7) }

const refuses = (reason: KeyFailure, words: RegExp) => (error: unknown) =>
  error instanceof KeyError && error.reason === reason && words.test(error.message)

describe('keys of a fleet', () => {
  let work = ''
  let keys = ''
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'keys-'))
    keys = join(work, 'keys')
    await createKeys(keys, { name: 'Nordic Bakeries', passphrase }, chance)
  })
  after(() => rm(work, { recursive: true }))

  test('are for their owner alone, and encrypted', async () => {
    assert.equal((await stat(keys)).mode & 0o777, 0o700)
    const names = await readdir(keys)
    assert.deepEqual(names.toSorted(), [
      'KEK.crt',
      'KEK.key',
      'PK.crt',
      'PK.key',
      'db.crt',
      'db.key',
      'image.key',
      'image.pub',
      'keys.json',
    ])
    for (const name of names.filter((file) => file.endsWith('.key'))) {
      assert.equal((await stat(join(keys, name))).mode & 0o777, 0o600)
      const text = await readFile(join(keys, name), 'utf8')
      assert.match(text, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
      assert.throws(() => createPrivateKey({ key: text, passphrase: 'another one' }))
    }
    assert.deepEqual(await readdir(work), ['keys'])
  })

  test('have certificates that name the owner and hold for twenty years', async () => {
    const { certificates } = await readPublicKeys(keys)
    for (const certificate of Object.values(certificates)) {
      assert.match(certificate.subject, /O=Nordic Bakeries\nCN=Nordic Bakeries /)
      assert.ok(certificate.verify(certificate.publicKey))
      assert.ok(certificate.checkIssued(certificate))
      const years =
        new Date(certificate.validTo).getUTCFullYear() -
        new Date(certificate.validFrom).getUTCFullYear()
      assert.equal(years, 20)
      assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048)
    }
  })

  test('open with their passphrase', async () => {
    const signer = await openSigner(keys, 'db', passphrase)
    assert.ok(signer.certificate.checkPrivateKey(signer.privateKey))
    const { imageKey } = await readPublicKeys(keys)
    const envelope = signEnvelope(
      'text/plain',
      Buffer.from('x'),
      await openImageKey(keys, passphrase),
    )
    assert.ok(verifyEnvelope(envelope, [imageKey], 'text/plain').ok)
  })

  test('do not open with another passphrase', async () => {
    await assert.rejects(
      openSigner(keys, 'db', 'nine foul winds'),
      refuses('WrongPassphrase', /db\.key: give the one/),
    )
  })

  test('are never overwritten', async () => {
    const had = await readFile(join(keys, 'db.key'))
    await assert.rejects(
      createKeys(keys, { name: 'Somebody', passphrase }, chance),
      refuses('Exists', /never overwritten/),
    )
    assert.deepEqual(await readFile(join(keys, 'db.key')), had)
    assert.deepEqual(await readdir(work), ['keys'])
    await writeFile(join(work, 'file'), '')
    await assert.rejects(
      createKeys(join(work, 'file'), { name: 'Somebody', passphrase }, chance),
      refuses('Exists', /file exists/),
    )
  })

  test('are not made for nobody, or with a passphrase that is guessed', async () => {
    const attempt = (name: string, secret: string) =>
      createKeys(join(work, 'never'), { name, passphrase: secret }, chance)
    await assert.rejects(attempt(' ', passphrase), refuses('Invalid', /name must be/))
    await assert.rejects(attempt('a\nb', passphrase), refuses('Invalid', /printable/))
    await assert.rejects(attempt('x'.repeat(49), passphrase), refuses('Invalid', /48/))
    await assert.rejects(attempt('N', 'short'), refuses('Invalid', /at least 8/))
  })

  test('that others may read are not used', async () => {
    const path = join(keys, 'KEK.key')
    await chmod(path, 0o640)
    await assert.rejects(
      openSigner(keys, 'KEK', passphrase),
      refuses('Permissions', /mode 640\): run `chmod 600/),
    )
    await chmod(path, 0o600)
  })

  test('tell what is missing or damaged', async () => {
    const broken = join(work, 'broken')
    await mkdir(broken)
    await assert.rejects(readPublicKeys(broken), refuses('Missing', /skerry keys create/))
    await writeFile(join(broken, 'keys.json'), '{"version":1}')
    await assert.rejects(readPublicKeys(broken), refuses('Damaged', /keys\.json is damaged/))
    await writeFile(join(broken, 'keys.json'), await readFile(join(keys, 'keys.json')))
    await assert.rejects(readPublicKeys(broken), refuses('Missing', /PK\.crt is missing/))
    await writeFile(join(broken, 'PK.crt'), 'not a certificate')
    await assert.rejects(readPublicKeys(broken), refuses('Damaged', /PK\.crt is damaged/))
    await writeFile(join(broken, 'PK.crt'), Buffer.alloc(100_000))
    await assert.rejects(readPublicKeys(broken), refuses('Damaged', /100000 bytes/))
  })

  test('of two fleets are not mixed', async () => {
    const mixed = join(work, 'mixed')
    await cp(keys, mixed, { recursive: true })
    await copyFile(join(keys, 'PK.key'), join(mixed, 'db.key'))
    await copyFile(join(keys, 'PK.key'), join(mixed, 'image.key'))
    await assert.rejects(openSigner(mixed, 'db', passphrase), refuses('Damaged', /belong together/))
    await assert.rejects(openImageKey(mixed, passphrase), refuses('Damaged', /belong together/))
    await copyFile(join(keys, 'db.crt'), join(mixed, 'db.key'))
    await assert.rejects(
      openSigner(mixed, 'db', passphrase),
      refuses('Damaged', /not an encrypted/),
    )
    await rm(mixed, { recursive: true })
  })

  test('are exported without anything private, the same each time', async () => {
    const out = join(work, 'public')
    const names = await exportKeys(keys, out, { passphrase })
    assert.deepEqual((await readdir(out)).toSorted(), names)
    for (const name of names)
      assert.doesNotMatch((await readFile(join(out, name))).toString('latin1'), /PRIVATE/)
    const trusted = JSON.parse(await readFile(join(out, 'trusted-image-keys.json'), 'utf8'))
    assert.deepEqual(trusted, [(await readPublicKeys(keys)).imageKey])
    assert.deepEqual(await enrolmentOf(keys, { passphrase }), {
      PK: await readFile(join(out, 'PK.auth')),
      KEK: await readFile(join(out, 'KEK.auth')),
      db: await readFile(join(out, 'db.auth')),
    })
    const certificate = new X509Certificate(await readFile(join(out, 'db.der')))
    assert.ok(certificate.raw.equals(new X509Certificate(await readFile(join(out, 'db.crt'))).raw))
  })
})
