import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { siteKind } from '@skerry/api/kinds/site'
import { type ApiRig, openApiRig } from './api-rig.ts'

// A real kubectl against the API over HTTPS. `KUBECTL` names another than the one on the path.
const kubectl = process.env['KUBECTL'] ?? 'kubectl'
const isThere = spawnSync(kubectl, ['version', '--client']).status === 0
const skip = isThere
  ? false
  : `${kubectl} cannot be run: put kubectl on the path or name it in KUBECTL`

const commandMsMax = 60_000

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string }

const siteYaml = (displayName: string): string => `
apiVersion: skerry.dev/v1alpha1
kind: Site
metadata:
  name: oslo
  labels: {tier: gold}
spec:
  displayName: ${displayName}
  timeZone: Europe/Oslo
`

describe('a real kubectl', { skip }, () => {
  let rig: ApiRig

  before(async () => {
    rig = await openApiRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  const environment = (kubeconfig: string) => ({
    PATH: process.env['PATH'],
    HOME: rig.directory,
    KUBECONFIG: kubeconfig,
  })
  const run = (args: readonly string[], kubeconfig = rig.kubeconfig): Promise<Result> =>
    new Promise((resolve) => {
      const options = { env: environment(kubeconfig), timeout: commandMsMax }
      execFile(kubectl, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
        resolve({ code, stdout, stderr })
      })
    })
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const bad = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(args)
    assert.notEqual(code, 0, `kubectl ${args.join(' ')}: ${stdout}`)
    return stderr
  }
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(rig.directory, name)
    await writeFile(path, text)
    return path
  }

  it('applies: created, configured, unchanged', async () => {
    const path = await file('site.yaml', siteYaml('Oslo depot'))
    assert.equal(await good('apply', '-f', path), 'site.skerry.dev/oslo created\n')
    assert.equal(await good('apply', '-f', path), 'site.skerry.dev/oslo unchanged\n')
    await file('site.yaml', siteYaml('Oslo, the depot by the fjord'))
    const tried = await good('apply', '--dry-run=server', '-f', path)
    assert.equal(tried, 'site.skerry.dev/oslo configured (server dry run)\n')
    assert.doesNotMatch(await good('get', 'site', 'oslo', '-o', 'yaml'), /fjord/)
    assert.equal(await good('apply', '-f', path), 'site.skerry.dev/oslo configured\n')
    const site = await rig.state.get(siteKind, { namespace: 'default', name: 'oslo' })
    assert.equal(site?.spec.displayName, 'Oslo, the depot by the fjord')
    assert.equal(site?.spec.timeZone, 'Europe/Oslo')
  })

  it('applies core kinds, and takes away what is no longer asked for', async () => {
    const map = (data: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: till}\ndata: {${data}}\n`
    const path = await file('map.yaml', map('a: "1", b: "2"'))
    assert.equal(await good('apply', '-f', path), 'configmap/till created\n')
    await file('map.yaml', map('a: "3"'))
    assert.equal(await good('apply', '-f', path), 'configmap/till configured\n')
    assert.equal(await good('get', 'cm', 'till', '-o', 'jsonpath={.data}'), '{"a":"3"}')
    await good('patch', 'cm', 'till', '-p', '{"data":{"c":"4"}}')
    assert.equal(await good('get', 'cm', 'till', '-o', 'jsonpath={.data}'), '{"a":"3","c":"4"}')
    await good('delete', 'cm', 'till')
  })

  it('gets our columns, wide and yaml', async () => {
    const [heading, row] = (await good('get', 'sites')).split('\n')
    assert.match(heading!, /^NAME +CONNECTIVITY +HEALTH +SYNC +MODELS +LAST SEEN +AGE$/)
    assert.match(row!, /^oslo +Never +Synced +\d+s *$/)
    assert.match(await good('get', 'sites', '-o', 'wide'), /LAST SEEN +DEVICE +MESSAGE +AGE\n/)
    const yaml = await good('get', 'site', 'oslo', '-o', 'yaml')
    assert.match(yaml, /^apiVersion: skerry\.dev\/v1alpha1\nkind: Site\n/)
    assert.match(yaml, / {2}uid: [0-9a-f-]{36}\n/)
    assert.match(await good('get', 'sites', '-A'), /^NAMESPACE +NAME/)
    assert.match(await good('get', 'all'), /^site\.skerry\.dev\/oslo /m)
    assert.equal(await good('get', 'sites', '-o', 'name'), 'site.skerry.dev/oslo\n')
    const selected = await good('get', 'sites', '--field-selector', 'metadata.name=none')
    assert.equal(selected, '')
    assert.match(await good('get', 'sites', '-l', 'tier in (gold,iron)'), /^oslo/m)
  })

  it('labels, annotates, patches and replaces', async () => {
    await good('label', 'site', 'oslo', 'region=north')
    await good('annotate', 'site', 'oslo', 'note=by the fjord')
    await good('patch', 'site', 'oslo', '--type', 'merge', '-p', '{"spec":{"timeZone":"UTC"}}')
    const add = '[{"op":"add","path":"/spec/variables/till","value":"7"}]'
    await good('patch', 'site', 'oslo', '--type', 'json', '-p', add)
    const status = '{"status":{"connectivity":"Online","health":"Healthy"}}'
    await good('patch', 'site', 'oslo', '--subresource', 'status', '--type', 'merge', '-p', status)
    await good('label', 'ns', 'default', 'tenant=shops')
    const site = await rig.state.get(siteKind, { namespace: 'default', name: 'oslo' })
    assert.deepEqual(site?.metadata.labels, { tier: 'gold', region: 'north' })
    assert.equal(site?.metadata.annotations?.['note'], 'by the fjord')
    assert.deepEqual(
      [site?.spec.timeZone, site?.spec.variables, site?.status?.health],
      ['UTC', { till: '7' }, 'Healthy'],
    )
    assert.match(await good('get', 'sites'), /^oslo +Online +Healthy /m)
    await good('label', 'site', 'oslo', 'region-')
  })

  it('describes an object with its events', async () => {
    const uid = await good('get', 'site', 'oslo', '-o', 'jsonpath={.metadata.uid}')
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'oslo.1', namespace: 'default' },
      involvedObject: { kind: 'Site', namespace: 'default', name: 'oslo', uid },
      reason: 'Enrolled',
      message: 'A device enrolled.',
      type: 'Normal',
      source: { component: 'enrolment' },
      firstTimestamp: '2026-11-21T14:00:00Z',
      lastTimestamp: '2026-11-21T14:00:00Z',
      count: 1,
    }
    await good('create', '-f', await file('event.json', JSON.stringify(event)))
    const told = await good('describe', 'site', 'oslo')
    assert.match(told, /^Name: +oslo$/m)
    assert.match(told, /Normal +Enrolled +\S+ +enrolment +A device enrolled\./)
    assert.match(await good('get', 'events'), /Normal +Enrolled +site\/oslo +A device enrolled\./)
    assert.match(await good('events'), /Site\/oslo +A device enrolled\./)
    assert.match(await good('describe', 'ns', 'default'), /Status: +Active/)
  })

  it('watches', { timeout: commandMsMax }, async () => {
    const watching = spawn(kubectl, ['get', 'sites', '--watch'], {
      env: environment(rig.kubeconfig),
    })
    try {
      let seen = ''
      const until = async (pattern: RegExp): Promise<void> => {
        for await (const chunk of watching.stdout.iterator({ destroyOnReturn: false })) {
          seen += String(chunk)
          if (pattern.test(seen)) return
        }
        assert.fail(`kubectl ended before ${pattern}: ${seen}`)
      }
      await until(/^oslo /m)
      await rig.state.create(siteKind, {
        metadata: { name: 'bergen', namespace: 'default' },
        spec: {},
      })
      await until(/^bergen /m)
      await good('patch', 'site', 'bergen', '--type', 'merge', '-p', '{"spec":{"displayName":"B"}}')
      await until(/^bergen [^]*^bergen /m)
    } finally {
      watching.kill()
    }
  })

  it('creates, deletes and waits for the end', async () => {
    await good('create', 'namespace', 'shops')
    await good('create', 'configmap', 'prices', '-n', 'shops', '--from-literal=coffee=30')
    await good('create', 'secret', 'generic', 'till', '-n', 'shops', '--from-literal=pin=1234')
    assert.equal(
      await good('get', 'secret', 'till', '-n', 'shops', '-o', 'jsonpath={.data.pin}'),
      'MTIzNA==',
    )
    assert.match(await good('delete', 'secret', 'till', '-n', 'shops'), /secret "till" deleted/)
    assert.match(await bad('get', 'secret', 'till', '-n', 'shops'), /"till" not found/)
    const again = await file('site.yaml', siteYaml('x'))
    assert.match(await bad('create', '-f', again), /sites\.skerry\.dev "oslo" already exists/)
    assert.match(await good('delete', 'sites', '--all'), /"bergen" deleted[^]*"oslo" deleted/)
    assert.match(await bad('get', 'site', 'oslo'), /sites\.skerry\.dev "oslo" not found/)
  })

  it('tells what there is', async () => {
    const resources = await good('api-resources')
    assert.match(resources, /^sites +skerry\.dev\/v1alpha1 +true +Site$/m)
    assert.match(resources, /^rollouts +ro +skerry\.dev\/v1alpha1 +true +Rollout$/m)
    assert.match(await good('explain', 'site.spec'), /timeZone\t<string>\n +IANA time zone/)
    const deep = await good('explain', 'fleet.spec', '--recursive')
    assert.match(deep, /rollout\t<Object>[^]*gates\t<\[\]Object>[^]*metric\t<string> -required-/)
    assert.match(await good('explain', 'configmap'), /binaryData\t<map\[string\]string>/)
    assert.match(await good('get', '--raw', '/readyz?verbose'), /readyz check passed/)
    assert.match(await good('version'), /Server Version: v1\.36\.0\+skerry/)
  })

  it('says what is wrong', async () => {
    const wrong = await file(
      'wrong.yaml',
      'apiVersion: skerry.dev/v1alpha1\nkind: Site\nmetadata: {name: wrong}\nspec: {timeZone: Mars/Olympus}\n',
    )
    assert.match(
      await bad('apply', '-f', wrong),
      /The Site "wrong" is invalid: spec\.timeZone: Invalid value: "Mars\/Olympus": must be an IANA time zone/,
    )
    const unknown = await file(
      'unknown.yaml',
      'apiVersion: skerry.dev/v1alpha1\nkind: Site\nmetadata: {name: odd}\nspec: {timezone: UTC}\n',
    )
    assert.match(await bad('create', '-f', unknown), /unknown field "spec\.timezone"/)
    const warned = await run(['create', '--validate=warn', '-f', unknown])
    assert.match(warned.stderr, /Warning: unknown field "spec\.timezone"/)
    assert.equal(warned.code, 0)
    assert.match(
      await bad('apply', '--server-side', '-f', unknown),
      /\.spec\.timezone: field not declared in schema/,
    )
    assert.match(
      await bad('patch', 'site', 'odd', '-p', '{"spec":{"timeZone":"UTC"}}'),
      /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json/,
    )
    assert.match(
      await bad('get', 'sites', '--field-selector', 'spec.x=1'),
      /not supported: spec\.x/,
    )
    const forbidden = await run(['delete', 'site', 'odd'], rig.viewerKubeconfig)
    assert.match(
      forbidden.stderr,
      /sites\.skerry\.dev "odd" is forbidden: User "viewer" cannot delete resource "sites" in API group "skerry\.dev" in the namespace "default"/,
    )
  })
})
