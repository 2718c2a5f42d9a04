import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPlainObject } from '@skerry/base/json'
import { openPeer, peerProblem } from '../conformance/peer.ts'
import { type Client, openClient } from '../conformance/send.ts'
import { openAccessRig } from '../src/access/testing/access-rig.ts'
import { faults, reviews, ruleReaders } from './access-peer-faults.ts'
import { type Write, grants, questions, things } from './access-peer-questions.ts'

const skip = peerProblem() ?? false

type Answer = { readonly code: number; readonly body: Record<string, unknown> }

type Asker = (write: Write) => Promise<Answer>

function askerOf(client: Client): Asker {
  return async ({ user, groups = [], method, path, body }) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers: [string, string][] = [
      ['content-type', type],
      ...(user === 'admin' ? [] : [['impersonate-user', user] as [string, string]]),
    ]
    const { code, body: answered } = await client.send({
      method,
      path,
      headers: { ...Object.fromEntries(headers), ...groupHeaders(groups) },
      body: method === 'GET' ? undefined : new TextEncoder().encode(JSON.stringify(body)),
    })
    return { code, body: isPlainObject(answered) ? answered : { text: answered } }
  }
}

/** Node sends a header with a list of values as often as there are values. */
function groupHeaders(groups: readonly string[]): Readonly<Record<string, string>> {
  return groups.length === 0
    ? {}
    : ({ 'impersonate-group': groups } as unknown as Readonly<Record<string, string>>)
}

const dry = (write: Write): Write => ({ ...write, path: `${write.path}?dryRun=All` })

describe('the hub and a kube-apiserver with the same roles and bindings', { skip }, () => {
  const stack = new AsyncDisposableStack()
  let askers: readonly Asker[] = []

  before(async () => {
    const rig = stack.use(await openAccessRig())
    const peer = stack.use(await openPeer())
    const clients = [peer.target, { label: 'hub', url: rig.url }].map((target) =>
      stack.use(openClient(target)),
    )
    askers = clients.map(askerOf)
    for (const asker of askers)
      for (const { path, body } of things) {
        const { code, body: answer } = await asker({ user: 'admin', method: 'POST', path, body })
        assert.ok(code === 201 || code === 409, JSON.stringify(answer))
      }
    // A kube-apiserver hears of its own roles a little later.
    await sleep(2000)
  })
  after(() => stack.disposeAsync())

  /** What both answer; the test fails where they differ. */
  const both = async (write: Write, seen: (answer: Answer) => unknown): Promise<unknown> => {
    const answers = []
    for (const asker of askers) answers.push(seen(await asker(write)))
    const [theirs, ours] = answers
    assert.deepEqual(
      ours,
      theirs,
      `${write.user} ${write.method} ${write.path} ${JSON.stringify(write.body)}`,
    )
    return theirs
  }

  it('decide alike, with the same reason', async () => {
    assert.ok(questions.length >= 60)
    let allowed = 0
    for (const question of questions) {
      const answer = await both(reviewOf(question), ({ code, body }) => ({
        code,
        status: body['status'],
      }))
      if (JSON.stringify(answer).includes('"allowed":true')) allowed += 1
    }
    assert.ok(allowed > 20 && allowed < questions.length - 20, `${allowed} allowed`)
  })

  it('refuse alike who acts, in the same words', async () => {
    let refused = 0
    for (const question of questions) {
      const write = requestOf(question)
      if (write === undefined) continue
      const answer = await both(write, ({ code, body }) =>
        code === 403 ? { code, message: body['message'], details: body['details'] } : 'not refused',
      )
      if (answer !== 'not refused') refused += 1
    }
    assert.ok(refused > 20, `${refused} refused`)
  })

  it('let nobody give what they have not', async () => {
    const codes = []
    for (const write of grants)
      codes.push(
        await both(dry(write), ({ code, body }) =>
          code >= 400 ? { code, message: body['message'], details: body['details'] } : { code },
        ),
      )
    assert.ok(new Set(codes.map((code) => JSON.stringify(code))).size > 10)
  })

  it('refuse what is no role and no binding in the same words', async () => {
    for (const write of faults)
      await both(dry(write), ({ code, body }) =>
        code >= 400
          ? { code, message: body['message'] }
          : { code, rules: body['rules'], roleRef: body['roleRef'], subjects: body['subjects'] },
      )
  })

  it('answer reviews alike, well and badly asked', async () => {
    for (const write of reviews)
      await both(write, ({ code, body }) => ({
        code,
        message: body['message'],
        spec: body['spec'],
        status: isPlainObject(body['status']) ? body['status'] : undefined,
      }))
  })

  it('list the same rules', async () => {
    for (const [user, namespace] of ruleReaders)
      await both(
        {
          user,
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
          body: { spec: { namespace } },
        },
        ({ code, body }) => ({ code, status: sorted(body['status']) }),
      )
  })
})

/** Rules come in any order. */
function sorted(status: unknown): unknown {
  if (!isPlainObject(status)) return status
  const inOrder = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((item) => JSON.stringify(item, Object.keys(item as object).toSorted())).toSorted()
      : list
  return {
    ...status,
    resourceRules: inOrder(status['resourceRules']),
    nonResourceRules: inOrder(status['nonResourceRules']),
  }
}

type Question = {
  readonly user: string
  readonly groups: readonly string[]
  readonly verb: string
  readonly path?: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}

const given = (text: string): string => (text === '-' ? '' : text)

function parse(question: string): Question {
  const [who = '', verb = '', group = '', what = '', where = ''] = question.split(' ')
  const [user = '', ...groups] = who.split('+')
  const [resource = '', subresource = ''] = what.split('/')
  const [first = '', second] = where.split('/')
  const isPath = group.startsWith('/')
  return {
    user,
    groups: isPath ? ['system:authenticated'] : groups,
    verb,
    ...(isPath ? { path: group } : {}),
    group: given(group),
    resource,
    subresource,
    namespace: second === undefined ? '' : given(first),
    name: second === undefined ? given(first) : given(second),
  }
}

function reviewOf(question: string): Write {
  const { user, groups, verb, path, ...what } = parse(question)
  const spec =
    path === undefined
      ? { resourceAttributes: { ...what, verb } }
      : { nonResourceAttributes: { verb, path } }
  return {
    user: 'admin',
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { spec: { user, groups, ...spec } },
  }
}

const methods: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
}

/** The request that asks for it; undefined where there is none, or where it would do something. */
function requestOf(question: string): Write | undefined {
  const { user, groups, verb, path, group, resource, subresource, namespace, name } =
    parse(question)
  const method = methods[verb]
  if (path !== undefined)
    return verb === 'get' ? { user, method: 'GET', path, body: {} } : undefined
  if (method === undefined || resource === '*' || group === '*') return undefined
  const isNamespaceItself = resource === 'namespaces'
  const prefix = group === '' ? '/api/v1' : `/apis/${group}/v1`
  const within = namespace === '' || isNamespaceItself ? '' : `/namespaces/${namespace}`
  const object = name === '' || verb === 'list' ? '' : `/${name}`
  if (method !== 'GET' && object === '' && verb === 'get') return undefined
  const part = subresource === '' ? '' : `/${encodeURIComponent(subresource)}`
  const query = verb === 'watch' ? '?watch=1&timeoutSeconds=1' : '?dryRun=All'
  return {
    user,
    groups: [...groups],
    method,
    path: `${prefix}${within}/${resource}${object}${part}${query}`,
    body: {},
  }
}
