// Argo CD's own sync engine keeps a folder of a Git repository applied: Profiles and Fleets come from Git,
// drift is put right, what is no longer in Git goes, and health is told by the scripts that docs/gitops.md
// gives to Argo CD.
import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findKubectl } from './kubectl/kubectl-transcript-tests.ts'
import { findClient } from '../scripts/build-clients.ts'
import {
  type ClientsRig,
  type Running,
  openClientsRig,
  ranWell,
  spawnClient,
  until,
} from './clients-rig.ts'

const found = findClient('gitops')
const kubectlFound = findKubectl()
const kubectl = 'path' in kubectlFound ? kubectlFound.path : ''
const missing = [found, kubectlFound].flatMap((each) => ('missing' in each ? [each.missing] : []))
const skip = missing[0] ?? false
const gitops = 'path' in found ? found.path : ''
const access = join(import.meta.dirname, 'gitops-access.yaml')
const scripts = join(import.meta.dirname, 'argo-cd/argocd-cm.yaml')

type Round = {
  readonly revision: string
  readonly changed: Record<string, string>
  readonly health: Record<string, { readonly status: string; readonly message?: string }>
  readonly problem?: string
}

const profile = (name: string, command: string) => `apiVersion: skerry.dev/v1alpha1
kind: Profile
metadata: {name: ${name}}
spec:
  layers:
    - {name: feeder, type: workload, workload: {command: [${command}]}}
`
const fleet = (name: string, profileName: string, soakSeconds = 1) => `---
apiVersion: skerry.dev/v1alpha1
kind: Fleet
metadata: {name: ${name}}
spec:
  profile: ${profileName}
  selector: {matchLabels: {gitops: ${name}}}
  rollout: {soakSeconds: ${soakSeconds}}
`
const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: prices}\ndata: {coffee: "30"}\n'

describe('a GitOps engine', { skip, timeout: 240_000 }, () => {
  let rig: ClientsRig
  before(async () => {
    rig = await openClientsRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  for (const way of ['client', 'server'])
    describe(`with ${way}-side apply`, () => {
      let repository: string
      let deployer: string
      let engine: Running
      const serverSide = way === 'server'
      const namespace = `shops-${way}`
      const folder = `fleets-${way}`

      before(async () => {
        deployer = join(rig.directory, 'deployer.kubeconfig')
        repository = join(rig.directory, `repository-${way}`)
        await mkdir(join(repository, folder), { recursive: true })
        await git('init', '-q', '-b', 'main')
        if (serverSide) await becomeDeployer()
        await ask('create', 'namespace', namespace)
      })
      after(async () => {
        await engine?.[Symbol.asyncDispose]()
        await ask('delete', 'namespace', namespace, '--wait=false')
      })

      /** The engine is a service account with what docs/gitops.md gives to it, and no more. */
      const becomeDeployer = async (): Promise<void> => {
        await ask('apply', '-f', access)
        const token = (await ask('create', 'token', 'deployer', '-n', 'gitops')).trim()
        const user = ['--kubeconfig', deployer, 'config', 'set-credentials', 'deployer']
        await writeFile(deployer, await readFile(rig.kubeconfig, 'utf8'))
        await ask(...user, '--token', token)
        await ask('--kubeconfig', deployer, 'config', 'set-context', '--current', '--user=deployer')
      }
      const git = (...args: string[]) =>
        ranWell(rig, 'git', '-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args)
      const commit = async (files: Record<string, string | undefined>): Promise<string> => {
        for (const [name, text] of Object.entries(files)) {
          const path = join(repository, folder, name)
          await (text === undefined ? rm(path) : writeFile(path, text))
        }
        await git('add', '-A')
        await git('commit', '-q', '-m', 'change')
        return (await git('rev-parse', 'HEAD')).trim()
      }
      const ask = (...args: string[]) => ranWell(rig, kubectl, ...args)
      const here = (...args: string[]) => ask('-n', namespace, ...args)
      const rounds = () => engine.lines().map((line) => JSON.parse(line) as Round)
      const roundWith = (what: string, holds: (round: Round) => boolean, from = 0) =>
        until(
          `${what}; the last round: ${engine === undefined ? '' : engine.lines().at(-1)}`,
          () => rounds().slice(from).find(holds),
          60_000,
        )

      it('applies what is in Git and tells its health', async () => {
        const revision = await commit({
          'stack.yaml': profile('sorting', '/bin/sleep, "1000"') + fleet('depots', 'sorting'),
          'prices.yaml': map,
        })
        const where = ['--repo', repository, '--path', folder, '--namespace', namespace]
        const how = [`--server-side=${serverSide}`, '--health', scripts, '--resync', '1s']
        const as = ['--kubeconfig', serverSide ? deployer : rig.kubeconfig]
        engine = spawnClient(rig, gitops, ...where, ...how, ...as)
        const first = await roundWith('the first sync', () => true)
        assert.equal(first.problem, undefined)
        assert.equal(first.revision, revision)
        assert.deepEqual(Object.keys(first.changed).toSorted(), [
          'ConfigMap/prices',
          'Fleet/depots',
          'Profile/sorting',
        ])
        assert.equal(
          await here('get', 'fleet', 'depots', '-o', 'jsonpath={.spec.profile}'),
          'sorting',
        )
        const wanted = rig.isHub ? 'Healthy' : 'Progressing'
        const healthy = await roundWith(
          'all healthy',
          ({ health }) =>
            health['Fleet/depots']?.status === wanted &&
            health['Profile/sorting']?.status === wanted,
        )
        assert.equal(healthy.health['ConfigMap/prices']?.status, 'Healthy')
        if (rig.isHub)
          assert.match(
            healthy.health['Fleet/depots']!.message!,
            /^It brings sorting-[0-9a-f]{10}\.$/,
          )
      })

      it('puts right what somebody changed by hand', async () => {
        const from = rounds().length
        const byHand = '{"spec":{"rollout":{"soakSeconds":99}}}'
        await here('patch', 'fleet', 'depots', '--type', 'merge', '-p', byHand)
        await here('delete', 'cm', 'prices')
        await until('the hand is undone', async () => {
          const soak = await here(
            'get',
            'fleet',
            'depots',
            '-o',
            'jsonpath={.spec.rollout.soakSeconds}',
          )
          const maps = await here('get', 'cm', 'prices', '--ignore-not-found', '-o', 'name')
          return soak === '1' && maps !== '' ? true : undefined
        })
        await roundWith('no problem', ({ problem }) => problem === undefined, from)
      })

      it('follows Git, and takes away what is no longer in it', async () => {
        const revision = await commit({
          'stack.yaml': profile('sorting', '/bin/sleep, "2000"') + fleet('depots', 'sorting', 2),
          'prices.yaml': undefined,
        })
        await roundWith('the new revision', (round) => round.revision === revision)
        await until('what Git says', async () => {
          const soak = await here(
            'get',
            'fleet',
            'depots',
            '-o',
            'jsonpath={.spec.rollout.soakSeconds}',
          )
          const maps = await here('get', 'cm', 'prices', '--ignore-not-found', '-o', 'name')
          return soak === '2' && maps === '' ? true : undefined
        })
        if (rig.isHub)
          await roundWith(
            'healthy again',
            (round) =>
              round.revision === revision && round.health['Fleet/depots']?.status === 'Healthy',
          )
      })

      it('says what is wrong with what is in Git, and what a fleet waits for', async () => {
        const bad = await commit({ 'bad.yaml': profile('broken', '7') })
        const told = await roundWith(
          'what is wrong',
          (round) =>
            round.revision === bad &&
            /broken|command/.test(JSON.stringify(round.changed) + round.problem),
        )
        assert.match(
          JSON.stringify(told),
          /spec\.layers\[0\]\.workload\.command\[0\]|must be of type string|expected string/,
        )
        const waiting = await commit({
          'bad.yaml': undefined,
          'lost.yaml': fleet('lost', 'nowhere'),
        })
        const { health } = await roundWith(
          'a fleet without its profile',
          (round) =>
            round.revision === waiting &&
            (!rig.isHub || /does not exist/.test(round.health['Fleet/lost']?.message ?? '')),
        )
        assert.equal(health['Fleet/lost']?.status, 'Progressing')
      })

      it('is quiet when nothing differs', async () => {
        await commit({ 'lost.yaml': undefined })
        await until('it is pruned', async () =>
          (await here('get', 'fleet', 'lost', '--ignore-not-found')) === '' ? true : undefined,
        )
        const versions = () =>
          here('get', 'profiles,fleets', '-o', 'jsonpath={.items[*].metadata.generation}')
        const [before, from] = [await versions(), rounds().length]
        await until('three more rounds', () => (rounds().length >= from + 3 ? true : undefined))
        assert.equal(await versions(), before)
      })
    })
})
