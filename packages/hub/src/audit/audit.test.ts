import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { tellRequestObject, tellResponseObject } from '../api-server/audit.ts'
import type { ApiRequest, Attributes, User } from '../api-server/authorization.ts'
import type { ApiResponse } from '../api-server/call.ts'
import { createAudit } from './audit.ts'
import { openAuditLog } from './audit-log.ts'
import { type AuditPolicy, chooseAudit } from './audit-policy.ts'
import { defaultAuditPolicy } from './default-policy.ts'
import { expiredBackups } from './expired-backups.ts'
import { parseAuditPolicy } from './parse-audit-policy.ts'

const resource = (verb: string, text: string, more: object = {}): Attributes => {
  const [group = '', plural = '', subresource] = text.split('/')
  const attributes = { type: 'resource', verb, group, version: 'v1', resource: plural } as const
  return { ...attributes, subresource, ...more }
}
const path = (at: string): Attributes => ({ type: 'path', verb: 'get', path: at })
const ann: User = { name: 'ann', groups: ['shop', 'system:authenticated'] }

const policyOf = (...rules: object[]): AuditPolicy =>
  parseAuditPolicy(JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }))

describe('the policy', () => {
  it('is what the first rule that fits says, each of whose fields must fit', () => {
    const at = (rule: object, attributes: Attributes, user: User | undefined = ann) =>
      chooseAudit(policyOf({ level: 'Request', ...rule }), user, attributes).level === 'Request'
    const pods = (...resources: string[]) => ({ resources: [{ group: '', resources }] })
    const cases: [boolean, object, Attributes, User?][] = [
      [true, {}, path('/x')],
      [true, { users: ['ann'] }, path('/x')],
      [false, { users: ['bob'] }, path('/x')],
      [true, { userGroups: ['a', 'shop'] }, path('/x')],
      [false, { userGroups: ['a'] }, path('/x')],
      [false, { verbs: ['list'] }, path('/x')],
      [true, { nonResourceURLs: ['/healthz*'] }, path('/healthz/ping')],
      [false, { nonResourceURLs: ['/healthz'] }, path('/healthz/ping')],
      [false, { nonResourceURLs: ['*'] }, resource('get', '/pods')],
      [true, pods('pods'), resource('get', '/pods')],
      [false, pods('pods'), resource('get', '/pods/log')],
      [true, pods('pods/*'), resource('get', '/pods/log')],
      [true, pods('pods/*'), resource('get', '/pods')],
      [false, pods('pods/*'), resource('get', '/nodes')],
      [true, pods('*/log'), resource('get', '/pods/log')],
      [false, pods('*/log'), resource('get', '/pods/scale')],
      [true, pods('*'), resource('get', '/pods/log')],
      [true, pods(), resource('get', '/pods/log')],
      [false, pods(), resource('get', 'apps/pods')],
      [false, pods('pods'), path('/x')],
      [true, { namespaces: ['a'] }, resource('get', '/pods', { namespace: 'a' })],
      [false, { namespaces: ['a'] }, resource('get', '/pods', { namespace: 'b' })],
      [true, { namespaces: [''] }, resource('get', '/nodes')],
    ]
    for (const [expected, rule, attributes, user] of cases)
      assert.equal(at(rule, attributes, user), expected, JSON.stringify([rule, attributes]))
    const named = { resources: [{ resources: ['pods'], resourceNames: ['x'] }] }
    assert.equal(at(named, resource('get', '/pods', { name: 'x' })), true)
    assert.equal(at(named, resource('get', '/pods', { name: 'y' })), false)
    const nobody = chooseAudit(policyOf({ level: 'Request', users: ['a'] }), undefined, path('/x'))
    assert.equal(nobody.level, 'None')
  })

  it('never lets what is secret into the log', () => {
    const all = policyOf({ level: 'RequestResponse' })
    const levelOf = (attributes: Attributes) => chooseAudit(all, ann, attributes).level
    assert.equal(levelOf(resource('get', '/pods')), 'RequestResponse')
    assert.equal(levelOf(resource('update', '/secrets')), 'Metadata')
    assert.equal(levelOf(resource('create', '/serviceaccounts/token')), 'Metadata')
    assert.equal(levelOf(resource('create', 'authentication.k8s.io/tokenreviews')), 'Metadata')
  })

  it('by default is about changes and secrets', () => {
    const levelOf = (attributes: Attributes) =>
      chooseAudit(defaultAuditPolicy, ann, attributes).level
    const cases: [string, Attributes][] = [
      ['Metadata', resource('create', 'skerry.dev/sites')],
      ['Metadata', resource('delete', 'coordination.k8s.io/leases')],
      ['Metadata', resource('get', '/secrets')],
      ['None', resource('update', 'coordination.k8s.io/leases')],
      ['None', resource('list', 'skerry.dev/sites')],
      ['None', resource('create', '/events')],
      ['None', resource('create', 'authorization.k8s.io/selfsubjectaccessreviews')],
      ['None', path('/openapi/v3')],
    ]
    for (const [level, attributes] of cases)
      assert.equal(levelOf(attributes), level, JSON.stringify(attributes))
  })

  it('is read from YAML, and what is wrong is said with its field', () => {
    const yaml = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: Metadata
  omitManagedFields: false
- level: None
  omitStages: [Panic]
`
    const [first, second] = parseAuditPolicy(yaml).rules
    assert.deepEqual([first!.omitManagedFields, second!.omitManagedFields], [false, true])
    assert.deepEqual(second!.omitStages, ['RequestReceived', 'Panic'])
    const cases: [unknown, RegExp][] = [
      [[], /the policy: Invalid value: must be an object/],
      [
        { apiVersion: 'audit.k8s.io/v1beta1', kind: 'Policy' },
        /audit\.k8s\.io\/v1 and kind Policy/,
      ],
      [{ rules: [] }, /rules: Required value/],
      [{ rules: [{}] }, /rules\[0\]\.level: Required value/],
      [{ rules: [{ level: 'All' }] }, /rules\[0\]\.level: Unsupported value: "All": supported/],
      [{ rules: [{ level: 'None', user: [] }] }, /rules\[0\]: unknown field "user"/],
      [{ rules: [{ level: 'None', users: 'ann' }] }, /rules\[0\]\.users: .*must be a list/],
      [{ rules: [{ level: 'None', users: [1] }] }, /rules\[0\]\.users\[0\]/],
      [{ rules: [{ level: 'None', nonResourceURLs: ['a'] }] }, /must begin with a slash/],
      [{ rules: [{ level: 'None', nonResourceURLs: ['/a'], namespaces: ['b'] }] }, /both/],
      [{ rules: [{ level: 'None', resources: [{ resourceNames: ['a'] }] }] }, /requires at least/],
      [{ rules: [{ level: 'None', omitStages: ['End'] }] }, /omitStages\[0\]: Unsupported/],
    ]
    for (const [policy, sentence] of cases) {
      const whole = Array.isArray(policy)
        ? policy
        : { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', ...(policy as object) }
      assert.throws(() => parseAuditPolicy(JSON.stringify(whole)), sentence)
    }
  })
})

function world(policy: AuditPolicy) {
  const lines: Record<string, unknown>[] = []
  const clock = createSteppedClock(Date.parse('2026-11-21T10:00:00.123Z'))
  const audit = createAudit({
    policy,
    write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    clock,
    random: seededRandom(1),
  })
  const begin = (headers: Record<string, string> = {}, url = '/x?y=1') => {
    const set = new Map<string, string>()
    const socket = { remoteAddress: '::ffff:10.0.0.9' }
    const request = { headers, url, method: 'POST', socket } as unknown as ApiRequest
    const response = { setHeader: (name: string, value: string) => set.set(name, value) }
    const trail = audit.begin(request, response as unknown as ApiResponse)
    return { trail, request, set }
  }
  return { lines, clock, begin }
}

describe('an event', () => {
  it('has the fields of audit.k8s.io/v1, at each level those that belong to it', async () => {
    const object = { metadata: { name: 'cm', managedFields: [1] }, data: { a: '1' } }
    for (const level of ['Metadata', 'Request', 'RequestResponse']) {
      const { lines, clock, begin } = world(policyOf({ level, omitManagedFields: true }))
      const { trail, request, set } = begin({
        'audit-id': 'mine',
        'user-agent': 'kubectl',
        'x-forwarded-for': '10.1.1.1, not an address',
      })
      trail.what(resource('create', '/configmaps', { namespace: 'shop' }))
      trail.who({ name: 'bob', groups: [], impersonator: ann })
      trail.decided({ allowed: true, reason: 'because' })
      tellRequestObject(request, object)
      tellResponseObject(request, { ...object, kind: 'ConfigMap' })
      await clock.advance(1000)
      trail.done({ code: 201 })
      assert.equal(set.get('Audit-Id'), 'mine')
      const [received, complete] = lines
      assert.equal(received!['stage'], 'RequestReceived')
      assert.equal(received!['responseStatus'], undefined)
      const bare = { metadata: { name: 'cm' }, data: { a: '1' } }
      assert.deepEqual(complete, {
        kind: 'Event',
        apiVersion: 'audit.k8s.io/v1',
        level,
        auditID: 'mine',
        stage: 'ResponseComplete',
        requestURI: '/x?y=1',
        verb: 'create',
        user: { username: 'ann', groups: ['shop', 'system:authenticated'] },
        impersonatedUser: { username: 'bob', groups: [] },
        sourceIPs: ['10.1.1.1', '10.0.0.9'],
        userAgent: 'kubectl',
        objectRef: {
          resource: 'configmaps',
          namespace: 'shop',
          name: 'cm',
          apiVersion: 'v1',
        },
        responseStatus: { metadata: {}, code: 201 },
        ...(level === 'Metadata' ? {} : { requestObject: bare }),
        ...(level === 'RequestResponse' ? { responseObject: { ...bare, kind: 'ConfigMap' } } : {}),
        requestReceivedTimestamp: '2026-11-21T10:00:00.123000Z',
        stageTimestamp: '2026-11-21T10:00:01.123000Z',
        annotations: {
          'authorization.k8s.io/decision': 'allow',
          'authorization.k8s.io/reason': 'because',
        },
      })
    }
  })

  it('comes for whoever is not known too, for refusals, bugs and watches', () => {
    const { lines, begin } = world(policyOf({ level: 'Metadata', omitStages: ['RequestReceived'] }))
    const unknown = begin().trail
    unknown.what(resource('create', '/configmaps'))
    unknown.done({ code: 401, failure: { reason: 'Unauthorized', message: 'Unauthorized' } })
    const bug = begin().trail
    bug.what(resource('delete', '/configmaps'))
    bug.who(ann)
    const failure = { reason: 'InternalError', message: 'the hub failed here' }
    bug.done({ code: 500, failure, isPanic: true })
    const watch = begin().trail
    watch.what(resource('watch', '/configmaps'))
    watch.who(ann)
    watch.started(200)
    watch.done({ code: 200 })
    const health = begin().trail
    health.done({ code: 200 })
    assert.deepEqual(
      lines.map(({ stage, verb }) => [stage, verb]),
      [
        ['ResponseComplete', 'create'],
        ['Panic', 'delete'],
        ['ResponseStarted', 'watch'],
        ['ResponseComplete', 'watch'],
      ],
    )
    assert.deepEqual(lines[0]!['user'], {})
    assert.deepEqual(lines[0]!['responseStatus'], {
      metadata: {},
      status: 'Failure',
      reason: 'Unauthorized',
      message: 'Unauthorized',
      code: 401,
    })
  })

  it('is bounded: a name, an agent or an object that is too long is cut or left out', () => {
    const { lines, begin } = world(policyOf({ level: 'RequestResponse' }))
    const headers = {
      'audit-id': 'x'.repeat(129),
      'user-agent': 'u'.repeat(5000),
      'x-forwarded-for': Array.from({ length: 500 }, (_, at) => `10.0.0.${at % 256}`).join(),
    }
    const { trail, request, set } = begin(headers)
    trail.what(resource('create', '/configmaps'))
    trail.who(ann)
    tellRequestObject(request, { data: 'x'.repeat(2_000_000) })
    trail.done({ code: 413 })
    assert.match(set.get('Audit-Id')!, /^[0-9a-f-]{36}$/)
    const { requestObject, userAgent, sourceIPs, annotations } = lines.at(-1)!
    assert.equal(requestObject, null)
    assert.equal((userAgent as string).length, 1024 + '...TRUNCATED'.length)
    assert.equal((sourceIPs as string[]).length, 10)
    assert.deepEqual(annotations, { 'audit.k8s.io/truncated': 'true' })
  })
})

describe('the file', () => {
  for (const mode of ['batch', 'blocking'] as const)
    it(`is set aside when it is full, and the oldest go (${mode})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skerry-audit-'))
      try {
        const clock = createSteppedClock(Date.parse('2026-11-21T10:00:00Z'))
        const path = join(folder, 'deep', 'audit.log')
        const bounds = { megabytesMax: 1, backupsMax: 2, ageDaysMax: 0 }
        const options = { path, mode, ...bounds, gatherMs: 0, clock, log: silentLog }
        const line = `${'x'.repeat(600 * 1024)}\n`
        {
          await using log = await openAuditLog(options)
          for (let at = 0; at < 5; at += 1) {
            log.write(line)
            // In a batch the next line would go along with this one.
            for (let turns = 0; log.figures().written <= at; turns += 1) {
              assert.ok(turns < 100_000, 'the line was never written')
              await new Promise(setImmediate)
            }
            await clock.advance(1000)
          }
        }
        await new Promise(setImmediate)
        const files = readdirSync(join(folder, 'deep')).toSorted()
        assert.deepEqual(files, [
          'audit-2026-11-21T10-00-03.000.log',
          'audit-2026-11-21T10-00-04.000.log',
          'audit.log',
        ])
        {
          await using log = await openAuditLog(options)
          log.write('more\n')
        }
        const text = readFileSync(path, 'utf8')
        assert.equal(text, `${line}more\n`, 'what was there when it was opened stays')
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

  it('drops and counts what the disk is too slow for, and never waits', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skerry-audit-'))
    try {
      const bounds = { megabytesMax: 1000, backupsMax: 1, ageDaysMax: 0 }
      const clock = createSteppedClock(0)
      const path = join(folder, 'audit.log')
      await using log = await openAuditLog({
        path,
        mode: 'batch',
        ...bounds,
        clock,
        log: silentLog,
      })
      for (let at = 0; at < 40; at += 1) log.write(`${'x'.repeat(2 ** 20)}\n`)
      assert.ok(log.figures().dropped >= 20, String(log.figures().dropped))
      writeFileSync(join(folder, 'file'), '')
      const inFile = { path: join(folder, 'file/x'), mode: 'batch', ...bounds, clock } as const
      await assert.rejects(openAuditLog({ ...inFile, log: silentLog }), /not a directory/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('keeps so many, so old, and touches nothing else', () => {
    const name = (day: number) => `audit-2026-11-${day}T10-00-00.000.log`
    const files = [name(10), name(20), name(15), 'audit.log', 'audit-notes.log', 'other.log']
    const bounds = { prefix: 'audit-', extension: '.log', nowMs: Date.parse('2026-11-21') }
    const expired = (backupsMax: number, ageDaysMax: number) =>
      expiredBackups(files, { ...bounds, backupsMax, ageDaysMax })
    assert.deepEqual(expired(0, 0), [])
    assert.deepEqual(expired(1, 0), [name(15), name(10)])
    assert.deepEqual(expired(0, 8), [name(10)])
  })
})
