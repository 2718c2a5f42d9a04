import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { type ApiRig, openApiRig } from './api-rig.ts'

// A real kubectl that applies on the server. `KUBECTL` names another than the one on the path.
const kubectl = process.env['KUBECTL'] ?? 'kubectl'
const isThere = spawnSync(kubectl, ['version', '--client']).status === 0
const skip = isThere
  ? false
  : `${kubectl} cannot be run: put kubectl on the path or name it in KUBECTL`

const commandMsMax = 60_000

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string }
type Entry = { readonly manager: string; readonly operation: string; readonly fieldsV1: object }

const siteYaml = (spec: string): string => `
apiVersion: skerry.dev/v1alpha1
kind: Site
metadata:
  name: bergen
  labels: {tier: gold}
spec: {${spec}}
`
const mapYaml = (data: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: till}
data: {${data}}
`

describe('a real kubectl that applies on the server', { skip }, () => {
  let rig: ApiRig

  before(async () => {
    rig = await openApiRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  const run = (...args: string[]): Promise<Result> =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: rig.directory, KUBECONFIG: rig.kubeconfig }
      execFile(kubectl, args, { env, timeout: commandMsMax }, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
        resolve({ code, stdout, stderr })
      })
    })
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const bad = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args)
    assert.notEqual(code, 0, `kubectl ${args.join(' ')}: ${stdout}`)
    return stderr
  }
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(rig.directory, name)
    await writeFile(path, text)
    return path
  }
  const managersOf = async (what: string, name: string): Promise<Entry[]> => {
    const text = await good('get', what, name, '-o', 'json', '--show-managed-fields')
    return (JSON.parse(text) as { metadata: { managedFields: Entry[] } }).metadata.managedFields
  }
  const told = (entries: readonly Entry[]) =>
    entries.map(({ manager, operation }) => `${manager} ${operation}`).toSorted()
  const onServer = ['apply', '--server-side', '-f'] as const

  it('applies a site, and the same again changes nothing', async () => {
    const path = await file('site.yaml', siteYaml('displayName: Bergen'))
    assert.equal(await good(...onServer, path), 'site.skerry.dev/bergen serverside-applied\n')
    const version = () =>
      good('get', 'site', 'bergen', '-o', 'jsonpath={.metadata.resourceVersion}')
    const first = await version()
    assert.equal(await good(...onServer, path), 'site.skerry.dev/bergen serverside-applied\n')
    assert.equal(await version(), first)
    assert.deepEqual(
      (await managersOf('site', 'bergen')).map(({ manager, operation, fieldsV1 }) => [
        manager,
        operation,
        fieldsV1,
      ]),
      [
        [
          'kubectl',
          'Apply',
          { 'f:metadata': { 'f:labels': { 'f:tier': {} } }, 'f:spec': { 'f:displayName': {} } },
        ],
      ],
    )
  })

  it('is told of conflicts, and may force them', async () => {
    const path = await file('site.yaml', siteYaml('displayName: Bergen'))
    await good(
      'patch',
      'site',
      'bergen',
      '--type',
      'merge',
      '-p',
      '{"spec":{"displayName":"Bergen 2"}}',
    )
    const refused = await bad(...onServer, path)
    assert.match(
      refused,
      /^error: Apply failed with 1 conflict: conflict with "kubectl-patch" using skerry\.dev\/v1alpha1: \.spec\.displayName\n/,
    )
    assert.match(refused, /--force-conflicts/)
    await good(...onServer, path, '--force-conflicts')
    assert.deepEqual(told(await managersOf('site', 'bergen')), ['kubectl Apply'])
  })

  it('takes away what is no longer applied, and leaves what others own', async () => {
    const both = siteYaml('displayName: Bergen, variables: {mine: "1"}')
    await good(...onServer, await file('site.yaml', both))
    const theirs = siteYaml('variables: {theirs: "2"}')
    await good(...onServer, await file('theirs.yaml', theirs), '--field-manager', 'them')
    await good(...onServer, await file('site.yaml', siteYaml('displayName: Bergen')))
    const variables = await good('get', 'site', 'bergen', '-o', 'jsonpath={.spec.variables}')
    assert.equal(variables, '{"theirs":"2"}')
    const tried = await good(
      ...onServer,
      await file('site.yaml', siteYaml('timeZone: UTC')),
      '--dry-run=server',
    )
    assert.equal(tried, 'site.skerry.dev/bergen serverside-applied (server dry run)\n')
    assert.equal(
      await good('get', 'site', 'bergen', '-o', 'jsonpath={.spec.displayName}'),
      'Bergen',
    )
  })

  it('goes over from applying at the client', async () => {
    await good('apply', '-f', await file('map.yaml', mapYaml('a: "1", b: "1"')))
    assert.deepEqual(told(await managersOf('cm', 'till')), ['kubectl-client-side-apply Update'])
    await good(...onServer, await file('map.yaml', mapYaml('a: "2"')))
    assert.deepEqual(told(await managersOf('cm', 'till')), [
      'kubectl Apply',
      'kubectl-last-applied Apply',
    ])
    const map = await rig.state.get(configMapKind, { namespace: 'default', name: 'till' })
    assert.deepEqual(map?.data, { a: '2' })
    const annotation =
      map?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration']
    assert.match(annotation ?? '', /"data":\{"a":"2"\}/)
    // And back: the client finds what was applied last.
    assert.equal(
      await good('apply', '-f', await file('map.yaml', mapYaml('c: "3"'))),
      'configmap/till configured\n',
    )
    const back = await rig.state.get(configMapKind, { namespace: 'default', name: 'till' })
    assert.deepEqual(back?.data, { c: '3' })
  })

  it('names who labels, annotates and edits', async () => {
    await good('label', 'cm', 'till', 'x=1')
    await good('annotate', 'cm', 'till', 'y=2')
    const entries = told(await managersOf('cm', 'till'))
    for (const manager of ['kubectl-label Update', 'kubectl-annotate Update'])
      assert.ok(entries.includes(manager), entries.join(', '))
  })

  it('shows the difference that an apply would make', async () => {
    const path = await file('map.yaml', mapYaml('c: "4"'))
    const { code, stdout, stderr } = await run(
      'diff',
      '--server-side',
      '--force-conflicts',
      '-f',
      path,
    )
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^-\s+c: "3"$/m)
    assert.match(stdout, /^\+\s+c: "4"$/m)
  })
})
