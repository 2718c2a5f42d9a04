import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { valueAt } from '@skerry/api/kind'
import { systemClock } from '@skerry/base/clock'
import { type Answered, type IdentityRig, openIdentityRig } from './identity-rig.ts'
import { makeSigningRequest } from './signing-request-rig.ts'

// What a kube-apiserver 1.36 answered to the same requests stands in the expectations.
const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const client = 'kubernetes.io/kube-apiserver-client'
const message = (answer: Answered) => String(answer.body['message'])
const at = (answer: Answered, field: string) => valueAt(answer.body, field)

describe('certificate signing requests', () => {
  let rig: IdentityRig
  let request: string
  before(async () => {
    rig = await openIdentityRig()
    ;({ request } = await makeSigningRequest({ name: 'jane', groups: ['dev'] }))
  })
  after(() => rig[Symbol.asyncDispose]())

  const create = (name: string, spec: object = {}, headers = {}) =>
    rig.admin('POST', path, {
      headers,
      body: {
        metadata: { name },
        spec: { request, signerName: client, usages: ['client auth'], ...spec },
      },
    })
  const put = (name: string, part: string, status: object, headers = {}) =>
    rig.admin('PUT', `${path}/${name}${part}`, { body: { metadata: { name }, status }, headers })
  const approved = { conditions: [{ type: 'Approved', status: 'True', reason: 'R', message: 'M' }] }
  const until = async (name: string, field: string): Promise<Answered> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const answer = await rig.admin('GET', `${path}/${name}`)
      if (at(answer, field) !== undefined) return answer
      await systemClock.sleep(25)
    }
    return assert.fail(`${name} never got ${field}`)
  }
  const certificateOf = async (name: string) => {
    const answer = await until(name, 'status.certificate')
    return Buffer.from(String(at(answer, 'status.certificate')), 'base64').toString()
  }

  it('say who asked, whatever they say themselves', async () => {
    const made = await create('who', {
      username: 'forged',
      groups: ['x'],
      uid: 'y',
      extra: { a: ['b'] },
    })
    assert.equal(made.code, 201, message(made))
    assert.equal(at(made, 'spec.username'), 'skerry-admin')
    assert.deepEqual(at(made, 'spec.groups'), ['system:masters', 'system:authenticated'])
    assert.equal(at(made, 'spec.uid'), undefined)
    assert.match(JSON.stringify(at(made, 'spec.extra')), /^\{"authentication.kubernetes.io/)
    assert.deepEqual(made.body['status'], {})
    const changed = await rig.admin('PUT', `${path}/who`, {
      body: {
        metadata: { name: 'who', labels: { a: 'b' } },
        spec: { request, signerName: 'x.y/z' },
      },
    })
    assert.equal(changed.code, 200, message(changed))
    assert.equal(at(changed, 'spec.signerName'), client)
    assert.equal(at(changed, 'metadata.labels.a'), 'b')
  })

  const refused: [why: string, spec: object, code: number, message: RegExp][] = [
    [
      'a signer without a domain',
      { signerName: 'x' },
      422,
      /spec\.signerName: Invalid value: "x": must be a fully qualified domain and path of the form 'example\.com\/signer-name'$/,
    ],
    [
      'the legacy signer',
      { signerName: 'kubernetes.io/legacy-unknown' },
      422,
      /the legacy signerName is not allowed via this API version/,
    ],
    [
      'an unknown usage',
      { usages: ['nonsense'] },
      422,
      /spec\.usages\[0\]: Unsupported value: "nonsense": supported values: "any", "cert sign", "client auth"/,
    ],
    [
      'a usage twice',
      { usages: ['client auth', 'client auth'] },
      422,
      /spec\.usages\[1\]: Duplicate value: "client auth"$/,
    ],
    ['no usage', { usages: [] }, 422, /spec\.usages: Required value$/],
    [
      'garbage',
      { request: 'Z2FyYmFnZQ==' },
      422,
      /spec\.request: Invalid value: "Z2FyYmFnZQ==": PEM block type must be CERTIFICATE REQUEST$/,
    ],
    [
      'garbage in PEM',
      {
        request: Buffer.from(
          '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
        ).toString('base64'),
      },
      422,
      /spec\.request: Invalid value: ".*": is not a readable certificate signing request/,
    ],
    [
      'too short a time',
      { expirationSeconds: 599 },
      422,
      /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds \(10 minutes\)$/,
    ],
    ['a request of a megabyte', { request: 'A'.repeat(1_000_000) }, 422, /spec\.request/],
  ]
  for (const [why, spec, code, expected] of refused)
    it(`are refused with ${why}`, async () => {
      const answer = await create('bad', spec)
      assert.equal(answer.code, code, message(answer))
      assert.match(message(answer), expected)
    })

  it('put nobody among the masters', async () => {
    const masters = await makeSigningRequest({ name: 'mallory', groups: ['dev', 'system:masters'] })
    const answer = await create('masters', { request: masters.request })
    assert.equal(answer.code, 403)
    assert.equal(
      message(answer),
      'certificatesigningrequests.certificates.k8s.io "masters" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    )
  })

  it('are approved by their own subresource, and signed', async () => {
    await create('good', { expirationSeconds: 3600 })
    const answer = await put('good', '/approval', { ...approved, certificate: 'eA==' })
    assert.equal(answer.code, 200, message(answer))
    assert.equal(at(answer, 'status.certificate'), undefined)
    const [condition] = at(answer, 'status.conditions') as Record<string, string>[]
    assert.match(condition!['lastUpdateTime']!, /^\d{4}-.*Z$/)
    assert.match(condition!['lastTransitionTime']!, /^\d{4}-.*Z$/)
    const certificate = new X509Certificate(await certificateOf('good'))
    assert.equal(certificate.subject, 'O=dev\nCN=jane')
    assert.ok(certificate.verify(new X509Certificate(rig.authority.certificate).publicKey))
    assert.equal(certificate.ca, false)
    const lifeMs = certificate.validToDate.getTime() - systemClock.now()
    assert.ok(lifeMs > 3_590_000 && lifeMs <= 3_600_000, String(lifeMs))
  })

  it('are answered for by the key that they hold, of whatever sort, and by names of all sorts', async () => {
    const name = 'jörg+x@example.com, "the" \\one\nO=system:masters'
    const groups = ['a,b', 'c=d', '  e ', '#0c01', 'x "system:masters"']
    const { request: own, key } = await makeSigningRequest({
      name,
      groups,
      rsaBits: 2048,
      alternativeUrl: 'skerry:default/oslo/oslo-1?uid=x',
    })
    const made = await create('odd', { request: own })
    assert.equal(made.code, 201, message(made))
    await put('odd', '/approval', approved)
    const cert = await certificateOf('odd')
    assert.equal(new X509Certificate(cert).subjectAltName, undefined)
    const told = await rig.ask('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      certificate: { cert, key },
      body: {},
    })
    assert.equal(at(told, 'status.userInfo.username'), name)
    assert.deepEqual(at(told, 'status.userInfo.groups'), [...groups, 'system:authenticated'])
  })

  it('are refused with weak keys', async () => {
    const weak = await makeSigningRequest({ name: 'weak', rsaBits: 1024 })
    const answer = await create('weak', { request: weak.request })
    assert.equal(answer.code, 422)
    assert.match(message(answer), /the RSASSA-PKCS1-v1_5 key has 1024 bits: must be 2048 to 8192/)
  })

  it('fail when they ask for more than clients need', async () => {
    await create('greedy', { usages: ['client auth', 'server auth'] })
    await put('greedy', '/approval', approved)
    const answer = await until('greedy', 'status.conditions')
    for (let tries = 0; tries < 100; tries += 1) {
      const { body } = await rig.admin('GET', `${path}/greedy`)
      if (JSON.stringify(body).includes('"Failed"')) {
        assert.match(JSON.stringify(body), /"reason":"SignerValidationFailure"/)
        assert.equal(valueAt(body, 'status.certificate'), undefined)
        return
      }
      await systemClock.sleep(25)
    }
    assert.fail(JSON.stringify(answer.body))
  })

  it('are neither approved nor taken back by their status, and not twice', async () => {
    await create('pending')
    const byStatus = await put('pending', '/status', approved)
    assert.equal(byStatus.code, 422)
    assert.match(
      message(byStatus),
      /status\.conditions: Forbidden: updates may not add a condition of type "Approved"$/,
    )
    const both = await put('pending', '/approval', {
      conditions: [...approved.conditions, { type: 'Denied', status: 'True' }],
    })
    assert.equal(both.code, 422)
    assert.match(
      message(both),
      /status\.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive/,
    )
    const falsely = await put('pending', '/approval', {
      conditions: [{ type: 'Approved', status: 'False' }],
    })
    assert.match(
      message(falsely),
      /status\.conditions\[0\]\.status: Unsupported value: "False": supported values: "True"/,
    )
    const denied = await rig.admin('PATCH', `${path}/pending/approval`, {
      type: 'application/strategic-merge-patch+json',
      body: { status: { conditions: [{ type: 'Denied', status: 'True' }] } },
    })
    assert.equal(denied.code, 200, message(denied))
    for (const part of ['/status', '/approval']) {
      const taken = await put('pending', part, {})
      assert.equal(taken.code, 422)
      assert.match(message(taken), /updates may not remove a condition of type "Denied"/)
    }
    const { body } = await rig.admin('GET', `${path}/pending/approval`)
    assert.match(JSON.stringify(body), /"Denied"/)
  })

  it('are signed once, with a certificate', async () => {
    await create('signed', { signerName: 'example.com/other' })
    const garbage = await put('signed', '/status', { certificate: 'eA==' })
    assert.match(
      message(garbage),
      /status\.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block$/,
    )
    const pem = (await rig.authority.issueAdmin()).certificate
    const certificate = Buffer.from(pem).toString('base64')
    assert.equal((await put('signed', '/status', { certificate })).code, 200)
    const again = Buffer.from(rig.authority.certificate).toString('base64')
    const twice = await put('signed', '/status', { certificate: again })
    assert.match(
      message(twice),
      /status\.certificate: Forbidden: updates may not modify existing certificate content$/,
    )
  })

  it('are approved and signed by those who may', async () => {
    await create('guarded', { signerName: 'example.com/vault' })
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
        verbs: ['update'],
      },
    ]
    const roles = '/apis/rbac.authorization.k8s.io/v1'
    const metadata = { name: 'half' }
    await rig.admin('POST', `${roles}/clusterroles`, { body: { metadata, rules } })
    await rig.admin('POST', `${roles}/clusterrolebindings`, {
      body: {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'half' },
        subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'half' }],
      },
    })
    const as = { 'Impersonate-User': 'half' }
    await systemClock.sleep(300)
    const approval = await put('guarded', '/approval', approved, as)
    assert.equal(approval.code, 403)
    assert.equal(
      message(approval),
      'certificatesigningrequests.certificates.k8s.io "guarded" is forbidden: user not permitted to approve requests with signerName "example.com/vault"',
    )
    const signing = await put('guarded', '/status', { certificate: 'eA==' }, as)
    assert.equal(signing.code, 403)
    assert.match(
      message(signing),
      /user not permitted to sign requests with signerName "example\.com\/vault"$/,
    )
    await rig.admin('PUT', `${roles}/clusterroles/half`, {
      body: {
        metadata,
        rules: [
          ...rules,
          {
            apiGroups: ['certificates.k8s.io'],
            resources: ['signers'],
            resourceNames: ['example.com/*'],
            verbs: ['approve'],
          },
        ],
      },
    })
    await systemClock.sleep(300)
    assert.equal((await put('guarded', '/approval', approved, as)).code, 200)
    await systemClock.sleep(200)
    const left = await rig.admin('GET', `${path}/guarded`)
    assert.equal(at(left, 'status.certificate'), undefined, "another's to sign")
  })
})
