// Helm 4 does its day: a chart of a Profile and a Fleet is installed, changed, put back, taken away.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findKubectl } from './kubectl/kubectl-transcript-tests.ts'
import { findClient } from '../scripts/build-clients.ts'
import { type ClientsRig, openClientsRig, ranWell, runClient } from './clients-rig.ts'

const found = findClient('helm')
const kubectlFound = findKubectl()
const kubectl = 'path' in kubectlFound ? kubectlFound.path : ''
const missing = [found, kubectlFound].flatMap((each) => ('missing' in each ? [each.missing] : []))
const skip = missing[0] ?? false
const helm = 'path' in found ? found.path : ''
const chart = join(import.meta.dirname, 'charts/fleet')

describe('helm', { skip, timeout: 240_000 }, () => {
  let rig: ClientsRig
  before(async () => {
    rig = await openClientsRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  const good = (...args: string[]) => ranWell(rig, helm, ...args)
  const ask = (...args: string[]) => ranWell(rig, kubectl, ...args)
  const wait = ['--wait', '--timeout', '60s', '-n', 'shops']

  it('tries an installation at the server and writes nothing', async () => {
    const tried = await good('install', 'depots', chart, '-n', 'shops', '--dry-run=server')
    assert.match(tried, /STATUS: pending-install/)
    assert.match(tried, /DESCRIPTION: Dry run complete/)
    assert.match(tried, /kind: Fleet[^]*kind: Profile/)
    assert.equal(await ask('get', 'secrets', '-n', 'shops', '-o', 'name'), '')
  })

  it('installs, and waits until the fleet has arrived', async () => {
    const said = await good('install', 'depots', chart, '--create-namespace', ...wait)
    assert.match(said, /STATUS: deployed\nREVISION: 1\nDESCRIPTION: Install complete/)
    assert.match(said, /Fleet depots gives 1 layers to its sites/)
    const labels = await ask('get', 'secret', 'sh.helm.release.v1.depots.v1', '-n', 'shops')
    assert.match(labels, /helm\.sh\/release\.v1 +1 /)
    assert.equal(
      await ask('get', 'cm', 'depots-pre-install', '-n', 'shops', '-o', 'name'),
      'configmap/depots-pre-install\n',
    )
    if (!rig.isHub) return
    const ready = '{.status.conditions[?(@.type=="Ready")].status} {.status.sites}'
    assert.equal(
      await ask('get', 'fleet', 'depots', '-n', 'shops', '-o', `jsonpath=${ready}`),
      'True 0',
    )
  })

  it('lists, tells the status, the values and the manifest', async () => {
    assert.match(
      await good('list', '-n', 'shops'),
      /^depots\s+shops\s+1\s+.*deployed\s+fleet-0\.1\.0\s+1/m,
    )
    const status = await good('status', 'depots', '-n', 'shops')
    assert.match(
      status,
      /==> v1alpha1\/Fleet\nNAME +PROFILE +SITES +SYNCED +REVISION +ROLLOUT +AGE/,
    )
    assert.match(
      await good('get', 'manifest', 'depots', '-n', 'shops'),
      /kind: Fleet[^]*kind: Profile/,
    )
    assert.match(await good('get', 'hooks', 'depots', '-n', 'shops'), /helm\.sh\/hook: pre-delete/)
  })

  it('upgrades', async () => {
    const said = await good(
      'upgrade',
      'depots',
      chart,
      ...wait,
      '--set',
      'rollout.soakSeconds=3',
      '--set-json',
      'layers={"feeder":["/bin/sleep","1"],"second":["/bin/true"]}',
    )
    assert.match(said, /has been upgraded/)
    assert.match(await good('get', 'values', 'depots', '-n', 'shops'), /soakSeconds: 3/)
    const layers = [
      'get',
      'profile',
      'depots',
      '-n',
      'shops',
      '-o',
      'jsonpath={.spec.layers[*].name}',
    ]
    assert.equal(await ask(...layers), 'feeder second')
    const hook = [
      'get',
      'cm',
      'depots-post-upgrade',
      '-n',
      'shops',
      '-o',
      'jsonpath={.data.revision}',
    ]
    assert.equal(await ask(...hook), '2')
  })

  it('says what the hub refuses, and leaves the release as it was', async () => {
    const bad = ['--set', 'rollout.onFailure=Explode']
    const { code, stderr } = await runClient(rig, helm, 'upgrade', 'depots', chart, ...wait, ...bad)
    assert.equal(code, 1)
    assert.match(stderr, /spec\.rollout\.onFailure: Unsupported value: "Explode"/)
    assert.match(await good('history', 'depots', '-n', 'shops'), /^3\s.*failed/m)
  })

  it('rolls back, and what was added is gone', async () => {
    assert.match(await good('rollback', 'depots', '1', ...wait), /Rollback was a success/)
    const history = await good('history', 'depots', '-n', 'shops')
    assert.match(
      history,
      /^1\s.*superseded[^]*^2\s[^]*^3\s.*failed[^]*^4\s.*deployed.*Rollback to 1/m,
    )
    const spec = 'jsonpath={.spec.rollout.soakSeconds} {.spec.rollout.onFailure}'
    assert.equal(await ask('get', 'fleet', 'depots', '-n', 'shops', '-o', spec), '1 RollBackAll')
    const layers = [
      'get',
      'profile',
      'depots',
      '-n',
      'shops',
      '-o',
      'jsonpath={.spec.layers[*].name}',
    ]
    assert.equal(await ask(...layers), 'feeder')
  })

  it('takes over what somebody else made, when told to', async () => {
    await ask('create', 'namespace', 'other')
    const made = `apiVersion: skerry.dev/v1alpha1\nkind: Profile\nmetadata: {name: depots}\nspec: {layers: []}\n`
    await ranWell(rig, 'sh', '-c', `printf '%s' '${made}' | '${kubectl}' create -n other -f -`)
    const refused = await runClient(rig, helm, 'install', 'depots', chart, '-n', 'other')
    assert.match(refused.stderr, /exists and cannot be imported into the current release/)
    await good('install', 'depots', chart, '-n', 'other', '--take-ownership')
    assert.match(await good('uninstall', 'depots', '-n', 'other', '--wait'), /uninstalled/)
    assert.equal(await ask('get', 'fleets,profiles', '-n', 'other', '-o', 'name'), '')
  })

  it('uninstalls, waits for the end, and keeps the history if asked', async () => {
    await good('uninstall', 'depots', '-n', 'shops', '--wait', '--keep-history', '--timeout', '60s')
    assert.equal(await ask('get', 'fleets,profiles', '-n', 'shops', '-o', 'name'), '')
    assert.match(await good('list', '-n', 'shops', '--uninstalled'), /uninstalled/)
    await good('uninstall', 'depots', '-n', 'shops').catch(() => {})
    await ask('delete', 'namespace', 'shops', 'other')
  })
})
