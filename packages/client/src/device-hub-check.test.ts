import { strict as assert } from 'node:assert'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Authority, openAuthority } from '../../hub/src/trust/authority.ts'
import { hubProblem, pinnedCertificate } from './device-hub-check.ts'

const startMs = Date.parse('2026-11-21T12:00:00Z')
let dir: string
let ours: Authority
let theirs: Authority

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-check-'))
  const clock = { now: () => startMs }
  ours = await openAuthority({ dir: join(dir, 'ours'), clock })
  theirs = await openAuthority({ dir: join(dir, 'theirs'), clock })
})
after(() => rm(dir, { recursive: true, force: true }))

test('our hub is known by its authority, its purpose, its name and its time', async () => {
  const authority = new X509Certificate(ours.certificate)
  const leafOf = async (of: Authority) =>
    new X509Certificate((await of.serverCertificate(['hub.example'])).certificate)
  const leaf = await leafOf(ours)
  const at = (host: string, nowMs = startMs) => hubProblem({ leaf, authority, host, nowMs })
  for (const host of ['hub.example', 'localhost', '127.0.0.1', '::1'])
    assert.equal(at(host), undefined)
  assert.match(at('other.example')!, /not for other.example/)
  assert.match(at('10.0.0.1')!, /not for 10.0.0.1/)
  // A device whose clock stands at 1970 still finds its hub; an expired certificate is no hub's.
  assert.equal(at('hub.example', 0), undefined)
  assert.match(at('hub.example', startMs + 91 * 86_400_000)!, /expired/)
  assert.equal(at('hub.example', Date.parse('2070-01-01T00:00:00Z')), undefined)
  const host = 'hub.example'
  const check = { authority, host, nowMs: startMs }
  assert.match(hubProblem({ ...check, leaf: await leafOf(theirs) })!, /authority/)
  const admin = new X509Certificate((await ours.issueAdmin('hub.example')).certificate)
  assert.match(hubProblem({ ...check, leaf: admin })!, /not one for servers/)
  assert.match(hubProblem({ ...check, leaf: authority })!, /authority/)
  assert.equal(pinnedCertificate([leaf, authority], ours.certificateDigest), authority)
  assert.equal(pinnedCertificate([leaf, authority], theirs.certificateDigest), undefined)
})
