import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { createKeys } from '../src/keys/create-keys.ts'
import { efiSignatureList } from '../src/keys/efi-variable-update.ts'
import { enrolmentOf } from '../src/keys/enrolment.ts'
import { microsoftCertificates } from '../src/keys/microsoft-certificates.ts'
import { openSigner, readPublicKeys } from '../src/keys/open-keys.ts'
import type { Signer } from '../src/keys/pkcs7.ts'
import { treesForTest } from '../src/lab/testing/lab-trees.ts'
import { authenticodeDigest } from '../src/pe/authenticode-digest.ts'
import { signEfi } from '../src/pe/sign-efi.ts'
import { verifyEfi } from '../src/pe/verify-efi.ts'
import { runInTools } from '../src/tools/run-in-tools.ts'
import { secretPath } from '../src/tools/tool-command.ts'
import { ToolError } from '../src/tools/tool-error.ts'

const trees = await treesForTest()
const skip = typeof trees === 'string' ? trees : false
const tools = typeof trees === 'string' ? { path: '' } : trees.tools
const passphrase = 'nine fair winds'

describe('our signatures beside those of the usual tools', { skip }, () => {
  let work = ''
  let keys = ''
  let db: Signer
  let program: Buffer
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'signing-'))
    keys = join(work, 'keys')
    await createKeys(
      keys,
      { name: 'Test', passphrase },
      { clock: systemClock, random: systemRandom },
    )
    db = await openSigner(keys, 'db', passphrase)
    program = await readFile(join(tools.path, 'usr/lib/systemd/boot/efi/systemd-bootx64.efi'))
  })
  after(() => rm(work, { recursive: true }))

  const run = (command: readonly string[], secrets: Record<string, Uint8Array> = {}) =>
    runInTools(tools, {
      command,
      directory: '/mnt/work',
      binds: [{ path: work, at: '/mnt/work', isWritable: true }],
      secrets,
    })

  const key = (signer: Signer) => ({
    key: Buffer.from(signer.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  })

  test('sbverify accepts what we sign, for our certificate alone', async () => {
    const signed = signEfi(program, db)
    assert.ok(signed.ok)
    await writeFile(join(work, 'ours.efi'), signed.bytes)
    await run(['sbverify', '--cert', 'keys/db.crt', 'ours.efi'])
    await assert.rejects(run(['sbverify', '--cert', 'keys/KEK.crt', 'ours.efi']), ToolError)
    const changed = Buffer.from(signed.bytes)
    changed[changed.length >> 1]! ^= 1
    await writeFile(join(work, 'changed.efi'), changed)
    await assert.rejects(run(['sbverify', '--cert', 'keys/db.crt', 'changed.efi']), ToolError)
  })

  test('we accept what sbsign signs, and see the same digest', async () => {
    await writeFile(join(work, 'plain.efi'), program)
    const words = ['--key', secretPath('key'), '--cert', 'keys/db.crt', '--output', 'theirs.efi']
    await run(['sbsign', ...words, 'plain.efi'], key(db))
    const theirs = await readFile(join(work, 'theirs.efi'))
    assert.ok(verifyEfi(theirs, [db.certificate]).ok)
    assert.deepEqual(authenticodeDigest(theirs), authenticodeDigest(program))
    const again = signEfi(theirs, db)
    const ours = signEfi(program, db)
    assert.ok(again.ok && ours.ok && again.bytes.equals(ours.bytes))
  })

  test('efitools make the same list of certificates and the same update of PK', async () => {
    const { owner, certificates, createdAtMs } = await readPublicKeys(keys)
    await run(['cert-to-efi-sig-list', '-g', owner, 'keys/PK.crt', 'PK.esl'])
    const list = efiSignatureList([{ owner, certificate: certificates.PK }])
    assert.deepEqual(await readFile(join(work, 'PK.esl')), list)
    const moment = new Date(createdAtMs).toISOString().slice(0, 19).replace('T', ' ')
    const words = ['-t', moment, '-g', owner, '-k', secretPath('key'), '-c', 'keys/PK.crt']
    await run(
      ['sign-efi-sig-list', ...words, 'PK', 'PK.esl', 'PK.auth'],
      key(await openSigner(keys, 'PK', passphrase)),
    )
    const theirs = await readFile(join(work, 'PK.auth'))
    const { PK: ours } = await enrolmentOf(keys, { passphrase })
    assert.equal(ours.toString('hex'), theirs.toString('hex'))
  })

  test('openssl reads the keys, and Microsoft is in the lists where it is asked for', async () => {
    await run(
      ['openssl', 'pkey', '-in', 'keys/db.key', '-passin', `file:${secretPath('pass')}`, '-noout'],
      {
        pass: Buffer.from(passphrase),
      },
    )
    await run(['openssl', 'verify', '-CAfile', 'keys/PK.crt', 'keys/PK.crt'])
    const microsoft = await microsoftCertificates(tools.path)
    const { KEK, db: list } = await enrolmentOf(keys, { passphrase, microsoft })
    for (const { raw } of microsoft.KEK) assert.ok(KEK.includes(raw))
    for (const { raw } of microsoft.db) assert.ok(list.includes(raw))
  })
})
