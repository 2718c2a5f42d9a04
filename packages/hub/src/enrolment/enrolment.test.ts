import { strict as assert } from 'node:assert'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import type { AnyKind } from '@skerry/api/kind'
import { namespaceKind } from '@skerry/api/kinds/core'
import { deviceKind } from '@skerry/api/kinds/device'
import { enrollmentRequestKind, joinTokenKind } from '@skerry/api/kinds/enrolment'
import { siteKind } from '@skerry/api/kinds/site'
import type { EnrollResponse } from '@skerry/api/device-protocol'
import type { ListOptions, State } from '@skerry/api/state'
import { type StatusReason, isApiError } from '@skerry/api/status'
import { joinTokenCredential, parseJoinToken } from '@skerry/api/join-token'
import { mintJoinToken } from '@skerry/artifact/mint-join-token'
import { createMemoryState } from '@skerry/store/memory-state'
import { createDeviceKey, createSigningRequest } from '../../../client/src/device-key.ts'
import { type Authority, openAuthority } from '../trust/authority.ts'
import { type Enrolment, createEnrolment } from './enrolment.ts'
import { createEnrolmentHandler } from './enrolment-handler.ts'

const namespace = 'default'
let dir: string
let authority: Authority
let state: ReturnType<typeof createMemoryState>
let enroll: Enrolment
let nowMs: number

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-enrol-'))
  authority = await openAuthority({ dir, clock: systemClock })
})
after(() => rm(dir, { recursive: true, force: true }))
beforeEach(async () => {
  nowMs = Date.parse('2026-11-21T12:00:00Z')
  state = createMemoryState({ clock: systemClock, random: seededRandom(1) })
  if ((await state.get(namespaceKind, { name: namespace })) === undefined)
    await state.create(namespaceKind, { metadata: { name: namespace } })
  enroll = createEnrolment({
    state,
    authority,
    trustedKeys: () => [{ keyid: 'k', publicKey: 'p' }],
    gateway: () => 'https://hub.example:7443',
    clock: { now: () => nowMs },
    log: silentLog,
  })
})
afterEach(() => state[Symbol.asyncDispose]())

async function makeToken(spec: Record<string, unknown> = {}, name = 'shops'): Promise<string> {
  const minted = mintJoinToken(name, authority.certificateDigest)
  await state.create(joinTokenKind, {
    metadata: { name, namespace },
    spec: {
      tokenDigest: minted.tokenDigest,
      expirationTime: '2026-11-22T00:00:00Z',
      usesMax: 2,
      createsSites: true,
      ...spec,
    },
  })
  const parsed = parseJoinToken(minted.token)
  assert.ok(parsed.ok)
  assert.equal(parsed.token.authorityDigest, authority.certificateDigest)
  return joinTokenCredential(parsed.token)
}

const requestOf = (key = createDeviceKey()) => createSigningRequest(key, 'x')
const usesOf = async () =>
  (await state.get(joinTokenKind, { namespace, name: 'shops' }))?.status?.uses ?? 0
const hardware = { serial: '1' }

function approved(response: EnrollResponse) {
  assert.ok(response.phase === 'Approved', JSON.stringify(response))
  return response
}

async function refused(attempt: Promise<unknown>, reason: StatusReason, message: RegExp) {
  const before = await everything()
  await assert.rejects(attempt, (error) => {
    assert.ok(isApiError(error, reason), String(error))
    assert.match(error.message, message)
    return true
  })
  assert.deepEqual(await everything(), before, 'a refusal changes nothing')
}

const everything = async () =>
  Promise.all(
    [joinTokenKind, enrollmentRequestKind, deviceKind, siteKind].map(
      async (kind) => (await state.list(kind)).items,
    ),
  )

test('a token lets a device in, makes its site, and asking again uses it no more', async () => {
  const token = await makeToken({ siteLabels: { ring: 'canary' } })
  const request = requestOf()
  const first = approved(await enroll({ request, token, site: 'depot-1', hardware }))
  assert.equal(first.gateway, 'https://hub.example:7443')
  assert.equal(first.authority, authority.certificate)
  const site = await state.get(siteKind, { namespace, name: 'depot-1' })
  assert.deepEqual(site?.metadata.labels, { ring: 'canary' })
  assert.equal(first.identity.siteUid, site?.metadata.uid)
  const device = await state.get(deviceKind, { namespace, name: first.identity.device })
  assert.deepEqual(device?.spec.hardware, hardware)
  assert.equal(device?.metadata.ownerReferences?.[0]?.uid, site?.metadata.uid)
  const facts = authority.factsOf(new X509Certificate(first.certificate))
  assert.deepEqual(facts.identity, first.identity)
  assert.equal(device?.status?.certificate?.serialNumber, facts.serialNumber)
  assert.equal(device?.spec.publicKeyDigest, facts.publicKeyDigest)
  assert.equal(await usesOf(), 1)

  const again = approved(await enroll({ request, token, site: 'depot-1', hardware }))
  assert.deepEqual(again.identity, first.identity)
  assert.equal(await usesOf(), 1)
  assert.equal((await state.list(deviceKind)).items.length, 1)
  const { items } = await state.list(enrollmentRequestKind)
  assert.deepEqual(
    items.map((item) => [item.spec.approval, item.status?.phase]),
    [['Approved', 'Approved']],
  )
})

test('a token that is unknown, wrong, expired, used up or for another site lets nobody in', async () => {
  const token = await makeToken({ usesMax: 1, sites: ['depot-1'] })
  const [name, secret] = token.split('.')
  const ask = (over: object) => enroll({ request: requestOf(), token, hardware, ...over })
  await refused(ask({ token: `other.${secret}` }), 'Forbidden', /not known/)
  await refused(ask({ token: `${name}.${'0'.repeat(40)}` }), 'Forbidden', /not known/)
  await refused(ask({ token: 'nonsense' }), 'Forbidden', /not known/)
  await refused(ask({ site: 'depot-2' }), 'Forbidden', /does not let devices into the site depot-2/)
  nowMs = Date.parse('2026-11-22T00:00:00Z')
  await refused(ask({}), 'Forbidden', /expired at 2026-11-22T00:00:00Z/)
  nowMs -= 1
  assert.equal(approved(await ask({})).identity.site, 'depot-1')
  await refused(ask({}), 'Forbidden', /used up: it let in 1 of 1/)
})

test('a token that makes no sites needs one that is there', async () => {
  const token = await makeToken({ createsSites: false })
  const ask = (over: object) => enroll({ request: requestOf(), token, hardware, ...over })
  await refused(ask({ site: 'depot-1' }), 'BadRequest', /there is no site depot-1/)
  await refused(ask({}), 'BadRequest', /say which site/)
  await state.create(siteKind, { metadata: { name: 'depot-1', namespace } })
  assert.equal(approved(await ask({ site: 'depot-1' })).identity.site, 'depot-1')
})

test('a token for any site opens none that has a device already; one that names the site does', async () => {
  const token = await makeToken({ usesMax: 9 })
  const ask = (over: object) => enroll({ request: requestOf(), token, hardware, ...over })
  const request = requestOf()
  const first = approved(await ask({ request, site: 'depot-1' }))
  await refused(
    ask({ site: 'depot-1' }),
    'Forbidden',
    /depot-1 has a device already.*token create --site depot-1/,
  )
  assert.equal(await usesOf(), 1)
  // The device itself may ask again, and another site is open.
  approved(await ask({ request, site: 'depot-1' }))
  approved(await ask({ site: 'depot-2' }))

  const minted = await makeToken({ sites: ['depot-1'] }, 'replacement')
  const second = approved(await ask({ token: minted, site: 'depot-1' }))
  for (const { identity } of [first, second])
    await state.delete(deviceKind, { namespace, name: identity.device })
  approved(await ask({ site: 'depot-1' }))
})

test('many devices at once use a token exactly as often as it says', async () => {
  const token = await makeToken({ usesMax: 5 })
  const results = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) =>
      enroll({ request: requestOf(), token, site: `s-${index}`, hardware }),
    ),
  )
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 5)
  assert.equal(await usesOf(), 5)
  assert.equal((await state.list(deviceKind)).items.length, 5)
})

test('one device that asks many times at once uses a token once', async () => {
  const token = await makeToken({ usesMax: 5 })
  const request = requestOf()
  const results = await Promise.allSettled(
    Array.from({ length: 8 }, () => enroll({ request, token, site: 'a', hardware })),
  )
  assert.ok(results.some((result) => result.status === 'fulfilled'))
  for (const result of results)
    if (result.status === 'rejected') assert.ok(isApiError(result.reason, 'TooManyRequests'))
  assert.equal(await usesOf(), 1)
})

test('without a token a device waits until a person approves it, or denies it', async () => {
  const request = requestOf()
  const ask = () => enroll({ request, hardware, site: 'depot-9' })
  assert.equal((await ask()).phase, 'Pending')
  assert.equal((await ask()).phase, 'Pending')
  const { items } = await state.list(enrollmentRequestKind)
  assert.equal(items.length, 1)
  const approve = async (spec: object) => {
    const [current] = (await state.list(enrollmentRequestKind)).items
    await state.update(enrollmentRequestKind, { ...current!, spec: { ...current!.spec, ...spec } })
  }
  await approve({ approval: 'Denied' })
  assert.equal((await ask()).phase, 'Denied')
  const token = await makeToken()
  assert.equal((await enroll({ request, token, hardware, site: 'depot-9' })).phase, 'Denied')
  await approve({ approval: 'Approved' })
  const waiting = await ask()
  assert.ok(waiting.phase === 'Pending')
  assert.match(waiting.message, /depot-9, which does not exist/)
  await state.create(siteKind, { metadata: { name: 'depot-7', namespace } })
  await approve({ approvedSite: 'depot-7' })
  assert.equal(approved(await ask()).identity.site, 'depot-7')
  assert.equal(await usesOf(), 0)
})

test('a device whose Device was deleted has to be let in anew', async () => {
  const token = await makeToken({ usesMax: 1 })
  const request = requestOf()
  const { identity } = approved(await enroll({ request, token, site: 'a', hardware }))
  await state.delete(deviceKind, { namespace, name: identity.device })
  await assert.rejects(enroll({ request, token, site: 'a', hardware }), /used up/)
  assert.equal((await enroll({ request, site: 'a', hardware })).phase, 'Pending')
})

test('a hub that died after the approval goes on without a second use of the token', async () => {
  const token = await makeToken({ usesMax: 1 })
  const request = requestOf()
  const isDevice = (kind: AnyKind) => kind.kind === 'Device'
  const dying: State = {
    ...state,
    create: (kind, object) =>
      isDevice(kind) ? Promise.reject(new Error('power cut')) : state.create(kind, object),
  }
  const failing = createEnrolment({
    state: dying,
    authority,
    trustedKeys: () => [],
    gateway: () => '',
    clock: { now: () => nowMs },
    log: silentLog,
  })
  await assert.rejects(failing({ request, token, site: 'a', hardware }), /power cut/)
  assert.equal(await usesOf(), 1)
  assert.equal(approved(await enroll({ request, token, site: 'a', hardware })).identity.site, 'a')
  assert.equal(await usesOf(), 1)
})

test('the lobby of a namespace has an end, and there is none for a namespace that is not there', async () => {
  await refused(
    enroll({ request: requestOf(), namespace: 'nowhere', hardware }),
    'BadRequest',
    /no namespace nowhere/,
  )
  const spec = { request: 'x', publicKeyDigest: 'x' }
  for (let index = 0; index < 1000; index += 1)
    await state.create(enrollmentRequestKind, { metadata: { name: `n-${index}`, namespace }, spec })
  await refused(enroll({ request: requestOf(), hardware }), 'TooManyRequests', /1000 devices wait/)
})

test('strangers who knock at once are let into the lobby one by one, and not one too many', async () => {
  const spec = { request: 'x', publicKeyDigest: 'x' }
  for (let index = 0; index < 998; index += 1)
    await state.create(enrollmentRequestKind, { metadata: { name: `n-${index}`, namespace }, spec })
  let [listing, listingMost] = [0, 0]
  const list = state.list.bind(state)
  const counted = async (kind: AnyKind, options?: ListOptions) => {
    listing += 1
    listingMost = Math.max(listingMost, listing)
    try {
      await turn()
      return await list(kind, options)
    } finally {
      listing -= 1
    }
  }
  Object.assign(state, { list: counted })
  const knocks = await Promise.allSettled(
    Array.from({ length: 8 }, () => enroll({ request: requestOf(), hardware })),
  )
  assert.equal(knocks.filter(({ status }) => status === 'fulfilled').length, 2)
  assert.equal(listingMost, 1, 'the lobby is in memory once')
})

test('malformed requests are refused with the field that is wrong', async () => {
  const request = requestOf()
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 'v']))
  for (const [body, message] of [
    [undefined, /must be an object/],
    [[], /must be an object/],
    [{}, /^request: /],
    [{ request: 'x' }, /^request: /],
    [{ request, token: 7 }, /^token: /],
    [{ request, site: '../x' }, /^site: /],
    [{ request, namespace: 'A' }, /^namespace: /],
    [{ request, hardware: [] }, /^hardware: /],
    [{ request, hardware: { a: 1 } }, /^hardware: /],
    [{ request, hardware: { a: 'x'.repeat(300) } }, /^hardware: /],
    [{ request, hardware: many }, /^hardware: /],
  ] as const)
    await refused(enroll(body), 'BadRequest', message)
})

test('over HTTP a refusal is a Status, and a huge or broken body is one too', async () => {
  const handle = createEnrolmentHandler(enroll, silentLog)
  const post = async (body: string | Buffer, method = 'POST') => {
    const request = Object.assign(new PassThrough(), { method, url: '/', headers: {} })
    request.on('error', () => {})
    request.end(body)
    const headers: Record<string, unknown> = {}
    const response = Object.assign(new PassThrough(), {
      statusCode: 0,
      headersSent: false,
      setHeader: (name: string, value: unknown) => void (headers[name] = value),
    })
    await handle(request, response)
    const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()
    return { code: response.statusCode, headers, body: JSON.parse(text) as { reason?: string } }
  }
  assert.equal((await post('{')).code, 400)
  assert.equal((await post(Buffer.from([0xff]))).code, 400)
  assert.equal((await post('x'.repeat(70_000))).code, 413)
  assert.equal((await post('', 'GET')).code, 405)
  assert.equal((await post(`${'['.repeat(30_000)}`)).code, 400)
  const waiting = await post(JSON.stringify({ request: requestOf() }))
  assert.equal(waiting.code, 202)
  assert.equal(waiting.headers['retry-after'], 10)
  const token = `a.${'0'.repeat(40)}`
  const denied = await post(JSON.stringify({ request: requestOf(), token }))
  assert.deepEqual([denied.code, denied.body.reason], [403, 'Forbidden'])
})
