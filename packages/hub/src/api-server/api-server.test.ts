import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  createServer,
  request,
} from 'node:http'
import { connect, createServer as createServerHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { resourceName } from '@skerry/api/kind'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import { configMapKind, secretKind } from '@skerry/api/kinds/core'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { badRequest } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { parseJson } from '@skerry/base/json'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { type ApiServer, createApiServer } from './api-server.ts'
import type { ApiServerOptions } from './call.ts'
import type { Extensions } from './extension.ts'

type Reply = {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Record<string, unknown>
}
type Sent = {
  readonly body?: unknown
  readonly text?: string | Buffer
  readonly headers?: Record<string, string>
}
type Rig = AsyncDisposable & {
  readonly state: State
  readonly apiServer: ApiServer
  readonly port: number
  call(method: string, path: string, sent?: Sent): Promise<Reply>
}

/** Handlers for every subresource that the kinds declare, so that the table is complete. */
const everySubresource: Extensions = Object.fromEntries(
  kinds.map((kind) => [
    resourceName(kind),
    {
      subresources: Object.fromEntries(
        kind.subresources.map((name) => [
          name,
          {
            verbs: ['create'],
            handle: async ({ object, body }) => ({ at: object.metadata.name, body }),
          },
        ]),
      ),
    },
  ]),
) as Extensions

async function openRig(more: Partial<ApiServerOptions> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const clock = systemClock
  const random = systemRandom
  const state = stack.use(createMemoryState({ clock, random }))
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: fixedKinds(kinds),
    clock,
    random,
    log: silentLog,
    authenticate: async ({ headers }) =>
      headers.authorization === 'none' ? undefined : { name: 'ann', groups: ['g'] },
    authorize: () => ({ allowed: true }),
    extensions: everySubresource,
    ...more,
  })
  const server = createServer((incoming, response) => {
    if (!apiServer.handle(incoming, response)) response.writeHead(404).end('not mine')
  })
  stack.defer(() => closed(server))
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    state,
    apiServer,
    port,
    call: (method, path, sent = {}) => send(port, { method, path, ...sent }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  await once(server.close(), 'close')
}

async function send(
  port: number,
  { method, path, body, text, headers }: Sent & { method: string; path: string },
): Promise<Reply> {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const isChunked = headers?.['transfer-encoding'] !== undefined
  const length =
    payload === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(payload) }
  const sent = request({
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: { ...type, ...length, ...headers },
  })
  // An answer that should not be a stream ends its test instead of keeping it.
  sent.setTimeout(10_000, () => sent.destroy(new Error(`${method} ${path}: nothing more came`)))
  sent.on('error', () => {})
  sent.end(payload)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const whole = Buffer.concat(chunks).toString('utf8')
  const isJson = response.headers['content-type']?.includes('json') === true
  const json = isJson && response.headers['content-encoding'] === undefined && whole !== ''
  return {
    code: response.statusCode!,
    headers: response.headers,
    text: whole,
    json: json ? (parseJson(whole) as Record<string, unknown>) : {},
  }
}

const sites = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'
const maps = '/api/v1/namespaces/default/configmaps'
const site = (name: string, spec: object = {}) => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Site',
  metadata: { name },
  spec,
})
const refused = (reply: Reply, code: number, pattern: RegExp): void => {
  assert.equal(reply.code, code, reply.text)
  assert.equal(reply.json['kind'], 'Status')
  assert.equal(reply.json['code'], code)
  assert.match(String(reply.json['message']), pattern)
}

describe('the handler table', () => {
  const state = createMemoryState({ clock: systemClock, random: systemRandom })
  const options = (extensions: Extensions): ApiServerOptions => ({
    state,
    texts: state,
    kinds: fixedKinds([rolloutKind]),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    authenticate: async () => undefined,
    authorize: () => ({ allowed: true }),
    extensions,
  })
  it('must be complete at start', () => {
    assert.throws(
      () => createApiServer(options({})),
      /rollouts\.skerry\.dev declares the subresource pause: give it a handler/,
    )
  })
  it('must promise nothing that no kind declares', () => {
    const rollouts = everySubresource[resourceName(rolloutKind)]!
    const zap = { verbs: ['get'] as const, handle: async () => ({}) }
    const subresources = { ...rollouts.subresources, zap }
    assert.throws(
      () => createApiServer(options({ 'rollouts.skerry.dev': { subresources } })),
      /has a handler for zap: declare it in the kind/,
    )
    assert.throws(
      () => createApiServer(options({ 'rollouts.skerry.dev': rollouts, 'x.y': {} })),
      /x\.y is extended but is no kind/,
    )
  })
})

describe('paths', () => {
  it('leaves those of others alone', async () => {
    await using rig = await openRig()
    for (const path of ['/', '/v2/', '/auth/login', '/apix', '/console/api'])
      assert.equal((await rig.call('GET', path)).text, 'not mine', path)
  })
  it('answers 404 as Status for what is not there', async () => {
    await using rig = await openRig()
    for (const path of [
      '/api/v2',
      '/apis/none.dev',
      '/apis/skerry.dev/v9/sites',
      '/apis/skerry.dev/v1alpha1/nothings',
      '/apis/skerry.dev/v1alpha1/sites/x',
      `${sites}/x/zap`,
      `${sites}/x/status/more`,
      '/api/v1/namespaces/default/namespaces/x',
      '/api/v1/constructor',
      `${maps}//x`,
      '/openapi/v9',
    ])
      refused(await rig.call('GET', path), 404, /could not find the requested resource/)
    refused(await rig.call('GET', `${maps}/%zz`), 400, /Bad Request/)
    refused(await rig.call('GET', `${maps}/%2e%2e`), 400, /may not be '\.\.'/)
    refused(await rig.call('GET', `${sites}/none`), 404, /sites\.skerry\.dev "none" not found/)
    refused(await rig.call('GET', `${maps}/..%2f..%2fsecrets`), 404, /could not find/)
    refused(await rig.call('PUT', sites, { body: site('x') }), 405, /does not allow this method/)
    refused(await rig.call('OPTIONS', sites), 405, /method/)
    const head = await rig.call('HEAD', `${sites}?watch=true`)
    assert.deepEqual([head.code, head.text], [200, ''])
  })
  it('tells health and version to anybody', async () => {
    const readyChecks = { database: () => Promise.reject(new Error('no connection')) }
    await using rig = await openRig({ readyChecks })
    const headers = { authorization: 'none' }
    assert.equal((await rig.call('GET', '/livez', { headers })).text, 'ok')
    const ready = await rig.call('GET', '/readyz', { headers })
    assert.equal(ready.code, 500)
    assert.match(ready.text, /\[\+\]ping ok\n\[-\]database failed: no connection\n/)
    assert.equal(
      (await rig.call('GET', '/readyz/ping?verbose&exclude=ping', { headers })).text,
      'ok',
    )
    const without = await rig.call('GET', '/readyz?verbose&exclude=database&exclude=b&exclude=a', {
      headers,
    })
    assert.equal(
      without.text,
      '[+]ping ok\n[+]database excluded: ok\n' +
        'warn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check passed\n',
    )
    assert.equal((await rig.call('GET', '/livez?exclude=ping', { headers })).text, 'ok')
    assert.equal((await rig.call('GET', '/livez/none', { headers })).code, 404)
    assert.equal(
      (await rig.call('GET', '/version', { headers })).json['gitVersion'],
      'v1.36.0+skerry',
    )
  })
})

describe('who may', () => {
  it('answers 401 to strangers', async () => {
    await using rig = await openRig()
    const headers = { authorization: 'none' }
    for (const path of [sites, '/api', '/openapi/v2', '/apis/none'])
      refused(await rig.call('GET', path, { headers }), 401, /^Unauthorized$/)
  })
  it("answers 403 in Kubernetes' words, before it tells whether there is such a thing", async () => {
    await using rig = await openRig({ authorize: () => ({ allowed: false, reason: 'because' }) })
    const of = 'User "ann" cannot'
    const inDefault = 'in the namespace "default": because'
    const cases: [string, string, string][] = [
      [
        'GET',
        `${sites}/x`,
        `sites.skerry.dev "x" is forbidden: ${of} get resource "sites" in API group "skerry.dev" ${inDefault}`,
      ],
      [
        'GET',
        sites,
        `sites.skerry.dev is forbidden: ${of} list resource "sites" in API group "skerry.dev" ${inDefault}`,
      ],
      [
        'GET',
        `${sites}?watch=true`,
        `sites.skerry.dev is forbidden: ${of} watch resource "sites" in API group "skerry.dev" ${inDefault}`,
      ],
      [
        'PUT',
        `${sites}/x/status`,
        `sites.skerry.dev "x" is forbidden: ${of} update resource "sites/status" in API group "skerry.dev" ${inDefault}`,
      ],
      [
        'GET',
        '/api/v1/namespaces',
        `namespaces is forbidden: ${of} list resource "namespaces" in API group "" at the cluster scope: because`,
      ],
      [
        'DELETE',
        maps,
        `configmaps is forbidden: ${of} deletecollection resource "configmaps" in API group "" ${inDefault}`,
      ],
      ['GET', '/apis', `forbidden: ${of} get path "/apis": because`],
    ]
    for (const [method, path, message] of cases) {
      const reply = await rig.call(method, path)
      assert.deepEqual([reply.code, reply.json['message']], [403, message])
    }
  })
})

describe('discovery', () => {
  it('is there in both forms', async () => {
    await using rig = await openRig()
    const headers = {
      accept:
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
    }
    const all = await rig.call('GET', '/apis', { headers })
    assert.equal(
      all.headers['content-type'],
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    )
    assert.match(all.text, /"resource":"sites","responseKind":{"group":"skerry.dev"/)
    const plain = await rig.call('GET', '/apis')
    assert.equal(plain.json['kind'], 'APIGroupList')
    const list = await rig.call('GET', '/apis/skerry.dev/v1alpha1')
    assert.match(list.text, /"name":"rollouts\/pause"/)
    assert.equal((await rig.call('GET', '/api')).json['kind'], 'APIVersions')
    refused(await rig.call('POST', '/apis', { body: {} }), 405, /method/)
  })
  it('has OpenAPI documents with hashes that hold', async () => {
    await using rig = await openRig()
    const index = await rig.call('GET', '/openapi/v3')
    const paths = index.json['paths'] as Record<string, { serverRelativeURL: string }>
    const document = await rig.call('GET', paths['api/v1']!.serverRelativeURL)
    assert.match(String(document.headers['cache-control']), /immutable/)
    const { etag } = document.headers
    const again = await rig.call('GET', '/openapi/v3/api/v1', {
      headers: { 'if-none-match': etag! },
    })
    assert.equal(again.code, 304)
    const protobuf = { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' }
    const binary = await rig.call('GET', '/openapi/v2', { headers: protobuf })
    assert.equal(
      binary.headers['content-type'],
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    )
    refused(
      await rig.call('GET', '/openapi/v3', { headers: protobuf }),
      406,
      /accept application\/json/,
    )
  })
})

describe('objects', () => {
  it('are made, read, changed and deleted', async () => {
    await using rig = await openRig()
    const created = await rig.call('POST', sites, {
      body: site('oslo', { timeZone: 'Europe/Oslo' }),
    })
    assert.equal(created.code, 201)
    const { json } = await rig.call('GET', `${sites}/oslo`)
    assert.deepEqual(json, created.json)
    const next = { ...json, spec: { timeZone: 'UTC' } }
    assert.equal((await rig.call('PUT', `${sites}/oslo`, { body: next })).code, 200)
    refused(
      await rig.call('PUT', `${sites}/oslo`, { body: next }),
      409,
      /the object has been modified/,
    )
    const gone = await rig.call('DELETE', `${sites}/oslo`)
    assert.deepEqual(
      [gone.json['kind'], gone.json['status'], (gone.json['details'] as { kind: string }).kind],
      ['Status', 'Success', 'sites'],
    )
  })
  it('are refused where the URL and the body differ', async () => {
    await using rig = await openRig()
    const post = (body: unknown) => rig.call('POST', sites, { body })
    refused(
      await post({ ...site('a'), kind: 'Fleet' }),
      422,
      /kind: Invalid value: "Fleet": must be Site/,
    )
    refused(
      await post({ ...site('a'), apiVersion: 'v1' }),
      400,
      /the API version in the data \(v1\)/,
    )
    refused(
      await post({ ...site('a'), metadata: { name: 'a', namespace: 'other' } }),
      400,
      /does not match the namespace/,
    )
    refused(
      await post({ ...site('a'), metadata: { name: 7 } }),
      400,
      /cannot unmarshal number into Go struct field ObjectMeta\.name of type string/,
    )
    refused(await post({ ...site('a'), metadata: [] }), 400, /cannot unmarshal array/)
    refused(await post([]), 400, /cannot unmarshal array/)
    refused(await post(null), 400, /Object 'Kind' is missing/)
    refused(
      await rig.call('PUT', `${sites}/b`, { body: site('a') }),
      400,
      /does not match the name on the URL/,
    )
    refused(
      await rig.call('POST', '/api/v1/namespaces/none/configmaps', {
        body: { metadata: { name: 'a' } },
      }),
      404,
      /namespaces "none" not found/,
    )
  })
  it('are pruned, with a warning, or refused when the client is strict', async () => {
    await using rig = await openRig()
    const odd = site('odd', { timezone: 'UTC', variables: { any: 'thing' } })
    refused(
      await rig.call('POST', `${sites}?fieldValidation=Strict`, { body: odd }),
      400,
      /strict decoding error: unknown field "spec\.timezone"$/,
    )
    refused(
      await rig.call('POST', `${sites}?fieldValidation=x`, { body: odd }),
      422,
      /Unsupported value: "x"/,
    )
    const warned = await rig.call('POST', sites, { body: odd })
    assert.equal(warned.headers['warning'], '299 - "unknown field \\"spec.timezone\\""')
    assert.ok(!warned.text.includes('timezone'))
    const ignored = await rig.call('POST', `${sites}?fieldValidation=Ignore`, {
      body: { ...odd, metadata: { name: 'b' } },
    })
    assert.equal(ignored.headers['warning'], undefined)
  })
  it('are tried and not kept with dryRun', async () => {
    await using rig = await openRig()
    assert.equal((await rig.call('POST', `${sites}?dryRun=All`, { body: site('a') })).code, 201)
    refused(await rig.call('GET', `${sites}/a`), 404, /not found/)
    refused(
      await rig.call('POST', `${sites}?dryRun=Some`, { body: site('a') }),
      422,
      /supported values: "All"/,
    )
  })
  it('come as tables, as metadata alone, and as YAML', async () => {
    await using rig = await openRig()
    await rig.call('POST', sites, { body: site('oslo') })
    const accept = (type: string) => ({ headers: { accept: type } })
    const table = await rig.call(
      'GET',
      sites,
      accept('application/json;as=Table;v=v1;g=meta.k8s.io'),
    )
    assert.equal(table.json['kind'], 'Table')
    const partial = await rig.call(
      'GET',
      sites,
      accept('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'),
    )
    assert.equal(partial.json['kind'], 'PartialObjectMetadataList')
    assert.ok(!partial.text.includes('"spec"'))
    const yaml = await rig.call('GET', `${sites}/oslo`, accept('application/yaml'))
    assert.match(yaml.text, /^apiVersion: skerry\.dev\/v1alpha1\nkind: Site\n/)
    refused(
      await rig.call('GET', sites, accept('application/vnd.kubernetes.protobuf')),
      406,
      /only the following media types/,
    )
    const either = accept('application/vnd.kubernetes.protobuf,application/json')
    assert.equal((await rig.call('GET', sites, either)).json['kind'], 'SiteList')
  })
  it('are compressed when they are many', async () => {
    await using rig = await openRig()
    for (let index = 0; index < 4; index += 1)
      await rig.state.create(configMapKind, {
        metadata: { name: `m${index}`, namespace: 'default' },
        data: { a: 'x'.repeat(50_000) },
      })
    const gzip = await rig.call('GET', maps, { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(gzip.headers['content-encoding'], 'gzip')
    assert.ok(Number(gzip.headers['content-length']) < 20_000)
    assert.equal((await rig.call('GET', maps)).headers['content-encoding'], undefined)
  })
  it('keep what JSON and YAML can say', async () => {
    await using rig = await openRig()
    const yaml =
      'metadata: {name: "y"}\ndata:\n  __proto__: "1"\n  constructor: "2"\n  text: "a: b"\n'
    const headers = { 'content-type': 'application/yaml' }
    assert.equal((await rig.call('POST', maps, { text: yaml, headers })).code, 201)
    const back = await rig.call('GET', `${maps}/y`, { headers: { accept: 'application/yaml' } })
    assert.match(back.text, /data:\n {2}__proto__: "1"\n {2}constructor: "2"\n/)
    const big = '{"metadata":{"name":"l","deletionGracePeriodSeconds":9007199254740993}}'
    await rig.call('POST', maps, { text: big, headers: { 'content-type': 'application/json' } })
    const read = await rig.call('GET', `${maps}/l`)
    assert.match(read.text, /"deletionGracePeriodSeconds":9007199254740993/)
    const asYaml = await rig.call('GET', `${maps}/l`, { headers: { accept: 'application/yaml' } })
    assert.match(asYaml.text, /deletionGracePeriodSeconds: 9007199254740993\n/)
  })
})

describe('patches', () => {
  const json = { 'content-type': 'application/json-patch+json' }
  const merge = { 'content-type': 'application/merge-patch+json' }
  const strategic = { 'content-type': 'application/strategic-merge-patch+json' }
  it('change, and try again when somebody was faster', async () => {
    await using rig = await openRig()
    await rig.call('POST', maps, { body: { metadata: { name: 'm' }, data: { a: '1' } } })
    const patches = Array.from({ length: 20 }, (_, index) =>
      rig.call('PATCH', `${maps}/m`, { body: { data: { [`k${index}`]: 'x' } }, headers: merge }),
    )
    for (const { code } of await Promise.all(patches)) assert.equal(code, 200)
    const { data } = (await rig.state.get(configMapKind, { namespace: 'default', name: 'm' }))!
    assert.equal(Object.keys(data!).length, 21)
    const add = [{ op: 'replace', path: '/data/a', value: '2' }]
    assert.equal((await rig.call('PATCH', `${maps}/m`, { body: add, headers: json })).code, 200)
    const drop = { data: { a: null }, metadata: { labels: { x: 'y' } } }
    const dropped = await rig.call('PATCH', `${maps}/m`, { body: drop, headers: strategic })
    assert.ok(!('a' in (dropped.json['data'] as object)))
  })
  it('keep to the version that they name', async () => {
    await using rig = await openRig()
    await rig.call('POST', maps, { body: { metadata: { name: 'm' } } })
    const body = { metadata: { resourceVersion: '1' }, data: { a: 'b' } }
    refused(
      await rig.call('PATCH', `${maps}/m`, { body, headers: merge }),
      409,
      /has been modified/,
    )
  })
  it('are refused with a reason', async () => {
    await using rig = await openRig()
    await rig.call('POST', sites, { body: site('s') })
    const patch = (body: unknown, headers: Record<string, string>) =>
      rig.call('PATCH', `${sites}/s`, { body, headers })
    refused(
      await patch({}, strategic),
      415,
      /accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
    )
    refused(
      await patch({}, { 'content-type': 'application/apply-patch+yaml' }),
      422,
      /fieldManager: Required value: is required for apply patch$/,
    )
    refused(
      await patch({}, { 'content-type': 'text/plain' }),
      415,
      /accepted media types include: application\/json-patch\+json/,
    )
    refused(
      await patch([], merge),
      400,
      /^error decoding patch: json: cannot unmarshal array into Go value of type map\[string\]interface \{\}$/,
    )
    refused(await patch({}, json), 400, /^error decoding patch: json: cannot unmarshal object/)
    refused(
      await patch([{ op: 'test', path: '/spec/timeZone', value: 'x' }], json),
      422,
      /^the server rejected our request due to an error in our request$/,
    )
    refused(await patch([{ op: 'replace', path: '', value: 7 }], json), 400, /leaves no object/)
    refused(
      await patch([{ op: 'replace', path: '/kind', value: 'Fleet' }], json),
      422,
      /kind: Invalid value: "Fleet": must be Site/,
    )
    refused(await patch({ metadata: { name: 'other' } }, merge), 400, /does not match the name/)
    refused(await patch({ spec: { timeZone: 'x' } }, merge), 422, /spec\.timeZone: Invalid value/)
    refused(
      await rig.call('PATCH', `${sites}/none`, { body: {}, headers: merge }),
      404,
      /not found/,
    )
  })
})

describe('deletion', () => {
  it('keeps preconditions and answers with the object while finalizers hold it', async () => {
    await using rig = await openRig()
    await rig.call('POST', maps, { body: { metadata: { name: 'm', finalizers: ['x.dev/y'] } } })
    const wrong = { preconditions: { uid: 'x' } }
    refused(
      await rig.call('DELETE', `${maps}/m`, { body: wrong }),
      409,
      /the UID in the precondition/,
    )
    refused(
      await rig.call('DELETE', `${maps}/m`, { body: { preconditions: { uid: 1 } } }),
      400,
      /cannot unmarshal number into Go struct field Preconditions\.preconditions\.uid of type string/,
    )
    refused(
      await rig.call('DELETE', `${maps}/m`, { body: { propagationPolicy: 'Zap' } }),
      422,
      /Unsupported value: "Zap"/,
    )
    refused(
      await rig.call('DELETE', `${maps}/m`, { body: { kind: 'Pod' } }),
      400,
      /no kind "Pod" is registered/,
    )
    const held = await rig.call('DELETE', `${maps}/m?dryRun=All`)
    assert.equal(held.json['kind'], 'ConfigMap')
    const marked = await rig.call('DELETE', `${maps}/m?propagationPolicy=Foreground`)
    const { finalizers, deletionTimestamp } = marked.json['metadata'] as Record<string, unknown>
    assert.deepEqual(finalizers, ['x.dev/y', 'foregroundDeletion'])
    assert.ok(deletionTimestamp)
  })
  it('of a collection takes what the selectors choose', async () => {
    await using rig = await openRig()
    for (const [name, tier] of [
      ['a', 'gold'],
      ['b', 'iron'],
    ])
      await rig.call('POST', maps, { body: { metadata: { name, labels: { tier } } } })
    const gone = await rig.call('DELETE', `${maps}?labelSelector=tier%3Dgold`)
    assert.equal((gone.json['items'] as unknown[]).length, 1)
    const { items } = await rig.state.list(configMapKind)
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['b'],
    )
  })
})

describe('extensions', () => {
  it('handle the verbs of a kind', async () => {
    await using rig = await openRig()
    const rollouts = '/apis/skerry.dev/v1alpha1/namespaces/default/rollouts'
    const spec = { fleet: 'f', revision: 'r', policy: {} }
    assert.equal(
      (
        await rig.call('POST', rollouts, {
          body: {
            apiVersion: 'skerry.dev/v1alpha1',
            kind: 'Rollout',
            metadata: { name: 'r' },
            spec,
          },
        })
      ).code,
      201,
    )
    const paused = await rig.call('POST', `${rollouts}/r/pause`, { body: { reason: 'lunch' } })
    assert.deepEqual([paused.code, paused.json], [201, { at: 'r', body: { reason: 'lunch' } }])
    refused(await rig.call('GET', `${rollouts}/r/pause`), 405, /method/)
    refused(await rig.call('POST', `${rollouts}/none/pause`, { body: {} }), 404, /"none" not found/)
    refused(
      await rig.call('POST', `${rollouts}/r/pause`, { text: '{', headers: {} }),
      400,
      /json parse error: unexpected end of JSON input/,
    )
  })
  it('admit, change and refuse what is written', async () => {
    const seen: string[] = []
    const sitesOnly: Extensions = {
      ...everySubresource,
      'sites.skerry.dev': {
        ...everySubresource['sites.skerry.dev'],
        admit: async (operation, object, before, { user, dryRun }) => {
          seen.push(`${operation} ${before === undefined ? 'new' : 'known'} ${user.name} ${dryRun}`)
          if (object.metadata.labels?.['bad'] !== undefined) throw badRequest('no bad sites')
          return { ...object, metadata: { ...object.metadata, labels: { by: user.name } } }
        },
      },
    }
    await using rig = await openRig({ extensions: sitesOnly })
    const created = await rig.call('POST', `${sites}?dryRun=All`, { body: site('a') })
    assert.deepEqual((created.json['metadata'] as { labels: object }).labels, { by: 'ann' })
    await rig.call('POST', sites, { body: site('a') })
    const bad = { metadata: { labels: { bad: '1' } } }
    const headers = { 'content-type': 'application/merge-patch+json' }
    refused(await rig.call('PATCH', `${sites}/a`, { body: bad, headers }), 400, /no bad sites/)
    await rig.call('PUT', `${sites}/a`, { body: site('a') })
    await rig.call('DELETE', `${sites}/a`)
    assert.deepEqual(seen, [
      'create new ann true',
      'create new ann false',
      'update known ann false',
      'update known ann false',
      'delete known ann false',
    ])
  })
})

describe('hostile bodies', () => {
  const json = { 'content-type': 'application/json' }
  it('are refused with one clear sentence', async () => {
    await using rig = await openRig()
    const post = (text: string | Buffer, headers: Record<string, string> = json) =>
      rig.call('POST', maps, { text, headers })
    refused(await post('{"metadata":'), 400, /json parse error: unexpected end of JSON input/)
    refused(await post(''), 400, /unexpected end of JSON input \(<empty>\)/)
    refused(await post(Buffer.from([0xff, 0xfe, 0x7b])), 400, /looking for beginning of value/)
    refused(
      await post(`{"data":${'['.repeat(500)}${']'.repeat(500)}}`),
      400,
      /nests deeper than 100/,
    )
    refused(
      await post(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`),
      400,
      /nests deeper than 100|json parse error/,
    )
    refused(
      await post(`{"n":12345678901234567890,"d":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
      400,
      /nests deeper than 100|json parse error/,
    )
    refused(
      await post('x', { 'content-type': 'application/xml' }),
      415,
      /unknown format - accepted media types include: application\/json/,
    )
    refused(
      await post('{"metadata":{"name":"a"},"data":{"k":7}}'),
      400,
      /cannot unmarshal number into Go struct field ConfigMap\.data of type string/,
    )
  })
  it('of YAML too', async () => {
    await using rig = await openRig()
    const post = (text: string) =>
      rig.call('POST', maps, { text, headers: { 'content-type': 'application/yaml' } })
    const bomb = `a: &a [${'x,'.repeat(50)}]\n${Array.from({ length: 8 }, (_, index) => `k${index}: &n${index} [${`*${index === 0 ? 'a' : `n${index - 1}`},`.repeat(50)}]`).join('\n')}\n`
    refused(await post(bomb), 400, /yaml: .*alias/i)
    refused(await post('a: [1'), 400, /yaml: /)
    refused(await post('a: 1\na: 2'), 400, /yaml: .*unique/)
    refused(await post('a: 1\n---\nb: 2'), 400, /yaml: .*multiple documents/)
    refused(await post(`a: ${'['.repeat(5000)}`), 400, /yaml: |deeper/)
    refused(await post('just text'), 400, /cannot unmarshal string/)
  })
  it('of protobuf too', async () => {
    await using rig = await openRig()
    const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
    const post = (bytes: Buffer) => rig.call('POST', maps, { text: bytes, headers })
    refused(await post(Buffer.from('nonsense')), 400, /does not appear to be a protobuf message/)
    refused(await post(Buffer.from('k8s\0\x0a\xff', 'latin1')), 400, /not protobuf: it ends within/)
    refused(await post(Buffer.from('k8s\0')), 400, /not taken as protobuf/)
    const varint = Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(64, 0xff)])
    refused(await post(varint), 400, /a number is too long/)
  })
  it('of four megabytes are answered while they are sent', async () => {
    await using rig = await openRig()
    refused(
      await rig.call('POST', maps, { text: 'x'.repeat(4 << 20), headers: json }),
      413,
      /limit is 3145728$/,
    )
    const chunked = { ...json, 'transfer-encoding': 'chunked' }
    refused(
      await rig.call('POST', maps, { text: 'x'.repeat(4 << 20), headers: chunked }),
      413,
      /limit is 3145728$/,
    )
    assert.equal((await rig.call('GET', maps)).code, 200)
  })
  it('change no prototype', async () => {
    await using rig = await openRig()
    const text =
      '{"metadata":{"name":"p","__proto__":{"x":1},"labels":{"constructor":"a"}},"__proto__":{"polluted":1},"data":{"toString":"1"}}'
    assert.equal((await rig.call('POST', maps, { text, headers: json })).code, 201)
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
})

describe('hostile queries', () => {
  it('are refused with one clear sentence', async () => {
    await using rig = await openRig()
    refused(await rig.call('GET', `${sites}?labelSelector=a%3D(`), 400, /expected: identifier/)
    refused(
      await rig.call('GET', `${sites}?fieldSelector=spec.x%3D1`),
      400,
      /field label not supported: spec\.x/,
    )
    refused(
      await rig.call('GET', `${sites}?watch=1&timeoutSeconds=soon`),
      400,
      /strconv\.ParseInt: parsing "soon": invalid syntax/,
    )
    refused(
      await rig.call('GET', `${sites}?labelSelector=${'a'.repeat(9000)}`),
      400,
      /longer than 8192/,
    )
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    refused(
      await rig.call('GET', `${sites}?includeObject=x`, { headers: table }),
      400,
      /includeObject: Invalid value: "x"/,
    )
  })
})

describe('faults of the hub', () => {
  it('are told without their insides', async () => {
    await using rig = await openRig({
      authenticate: () => Promise.reject(new Error('secret path')),
    })
    const reply = await rig.call('GET', sites)
    refused(reply, 500, /its log says why/)
    assert.ok(!reply.text.includes('secret path'))
  })
})

describe('HTTP/2', () => {
  it('answers, and streams watches', async () => {
    await using rig = await openRig()
    const server = createServerHttp2(
      (incoming, response) => void rig.apiServer.handle(incoming, response),
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      const post = session.request({
        ':method': 'POST',
        ':path': sites,
        'content-type': 'application/json',
      })
      post.end(JSON.stringify(site('oslo')))
      const [headers] = (await once(post, 'response')) as [Record<string, unknown>]
      assert.equal(headers[':status'], 201)
      const watch = session.request({ ':path': `${sites}?watch=true` })
      watch.setEncoding('utf8')
      const [text] = (await once(watch, 'data')) as [string]
      watch.close()
      assert.match(text, /^{"type":"ADDED","object":{.*"name":"oslo"/)
      const large = session.request({
        ':method': 'POST',
        ':path': maps,
        'content-type': 'application/json',
      })
      large.on('error', () => {})
      large.end('x'.repeat(4 << 20))
      const [refusal] = (await once(large, 'response')) as [Record<string, unknown>]
      assert.equal(refusal[':status'], 413)
    } finally {
      session.destroy()
      server.close()
      await once(server, 'close')
    }
  })
})

describe('secrets', () => {
  it('come in as text and out as base64', async () => {
    await using rig = await openRig()
    const body = { metadata: { name: 's' }, stringData: { pin: '1234' } }
    await rig.call('POST', '/api/v1/namespaces/default/secrets', { body })
    const secret = await rig.state.get(secretKind, { namespace: 'default', name: 's' })
    assert.deepEqual(secret?.data, { pin: 'MTIzNA==' })
    assert.equal(await rig.state.get(siteKind, { namespace: 'default', name: 's' }), undefined)
  })
})
