import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { type IdentityRig, openIdentityRig } from './identity-rig.ts'
import { makeSigningRequest } from './signing-request-rig.ts'

// A real kubectl against the API over HTTPS. `KUBECTL` names another than the one on the path.
const kubectl = process.env['KUBECTL'] ?? 'kubectl'
const isThere = spawnSync(kubectl, ['version', '--client']).status === 0
const skip = isThere
  ? false
  : `${kubectl} cannot be run: put kubectl on the path or name it in KUBECTL`

const commandMsMax = 60_000

type Result = { readonly code: number; readonly stdout: string; readonly stderr: string }

describe('who asks, by a real kubectl', { skip }, () => {
  let rig: IdentityRig
  before(async () => {
    rig = await openIdentityRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  const run = (args: readonly string[], kubeconfig = rig.kubeconfig): Promise<Result> =>
    new Promise((resolve) => {
      const env = { PATH: process.env['PATH'], HOME: rig.directory, KUBECONFIG: kubeconfig }
      execFile(kubectl, args, { env, timeout: commandMsMax }, (error, stdout, stderr) => {
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
  const until = async (pattern: RegExp, ...args: string[]): Promise<string> => {
    for (let tries = 0; tries < 40; tries += 1) {
      const { stdout } = await run(args)
      if (pattern.test(stdout)) return stdout
      await systemClock.sleep(100)
    }
    return assert.fail(`kubectl ${args.join(' ')} never said ${pattern}`)
  }
  /** A kubeconfig of somebody else. */
  const kubeconfigOf = async (name: string, user: object): Promise<string> => {
    const path = join(rig.directory, `${name}-kubeconfig`)
    const authority = Buffer.from(rig.authority.certificate).toString('base64')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'hub', cluster: { server: rig.url, 'certificate-authority-data': authority } },
      ],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: 'hub', user: name } }],
      'current-context': name,
    }
    await writeFile(path, JSON.stringify(config))
    return path
  }

  it('makes service accounts and tokens of them', async () => {
    assert.equal(await good('create', 'serviceaccount', 'robot'), 'serviceaccount/robot created\n')
    assert.match(await good('get', 'sa'), /^NAME +AGE\n(default .*\n)?robot +\d+s\n/)
    const token = (await good('create', 'token', 'robot', '--duration', '20m')).trim()
    const kubeconfig = await kubeconfigOf('robot', { token })
    const whoami = await run(['auth', 'whoami'], kubeconfig)
    assert.match(whoami.stdout, /^Username +system:serviceaccount:default:robot$/m)
    assert.match(
      whoami.stdout,
      /^Groups +\[system:serviceaccounts system:serviceaccounts:default system:authenticated\]$/m,
    )
    const refused = await run(['get', 'secrets'], kubeconfig)
    assert.match(
      refused.stderr,
      /secrets is forbidden: User "system:serviceaccount:default:robot" cannot list resource "secrets" in API group "" in the namespace "default"/,
    )
    assert.match(
      await bad('create', 'token', 'robot', '--duration', '5m'),
      /may not specify a duration less than 10 minutes/,
    )
    assert.match(await bad('create', 'token', 'nobody'), /serviceaccounts "nobody" not found/)
    await good('create', 'secret', 'generic', 'tied', '--from-literal=a=b')
    const bound = await good(
      'create',
      'token',
      'robot',
      '--bound-object-kind',
      'Secret',
      '--bound-object-name',
      'tied',
      '--audience',
      rig.url,
    )
    const tied = await kubeconfigOf('tied', { token: bound.trim() })
    assert.equal((await run(['auth', 'whoami'], tied)).code, 0)
    await good('delete', 'secret', 'tied')
    assert.match((await run(['auth', 'whoami'], tied)).stderr, /Unauthorized|logged in/)
    await good('delete', 'sa', 'robot')
    assert.notEqual((await run(['auth', 'whoami'], kubeconfig)).code, 0)
  })

  it('tells who asks, and acts for others', async () => {
    const whoami = await good('auth', 'whoami')
    assert.match(whoami, /^Username +skerry-admin$/m)
    assert.match(whoami, /^Groups +\[system:masters system:authenticated\]$/m)
    const jane = await good('auth', 'whoami', '--as', 'jane', '--as-group', 'dev', '--as-uid', 'u')
    assert.match(jane, /^Username +jane\nUID +u\nGroups +\[dev system:authenticated\]$/m)
    assert.match(
      await bad('get', 'namespaces', '--as', 'jane'),
      /User "jane" cannot list resource "namespaces"/,
    )
  })

  it('fills secrets with tokens', async () => {
    const path = join(rig.directory, 'secret.yaml')
    await writeFile(
      path,
      'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: old, annotations: {kubernetes.io/service-account.name: default}}\n',
    )
    await good('apply', '-f', path)
    const data = await until(/./, 'get', 'secret', 'old', '-o', 'jsonpath={.data.token}')
    const kubeconfig = await kubeconfigOf('old', {
      token: Buffer.from(data, 'base64').toString(),
    })
    const whoami = await run(['auth', 'whoami'], kubeconfig)
    assert.match(whoami.stdout, /^Username +system:serviceaccount:default:default$/m)
  })

  it('has certificates approved, signed and used; denied ones are not', async () => {
    for (const name of ['jane', 'mallory']) {
      const { request, key } = await makeSigningRequest({ name, groups: ['dev'] })
      await writeFile(join(rig.directory, `${name}.key`), key)
      await apply(name, request)
    }
    assert.match(
      await good('get', 'csr'),
      /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\njane +\d+s +kubernetes\.io\/kube-apiserver-client +skerry-admin +24h +Pending/,
    )
    assert.equal(
      await good('certificate', 'approve', 'jane'),
      'certificatesigningrequest.certificates.k8s.io/jane approved\n',
    )
    await good('certificate', 'deny', 'mallory')
    assert.match(await until(/jane.*Issued/, 'get', 'csr'), /mallory .* Denied/)
    const issued = await good('get', 'csr', 'jane', '-o', 'jsonpath={.status.certificate}')
    const certificate = new X509Certificate(Buffer.from(issued, 'base64'))
    assert.match(certificate.subject, /^O=dev\nCN=jane$/)
    const lifeMs = certificate.validToDate.getTime() - systemClock.now()
    assert.ok(Math.abs(lifeMs - 86_400_000) < 60_000, String(lifeMs))
    const key = await readFile(join(rig.directory, 'jane.key'), 'utf8')
    const kubeconfig = await kubeconfigOf('jane', {
      'client-certificate-data': issued,
      'client-key-data': Buffer.from(key).toString('base64'),
    })
    const whoami = await run(['auth', 'whoami'], kubeconfig)
    assert.match(whoami.stdout, /^Username +jane\nGroups +\[dev system:authenticated\]$/m)
    assert.equal(await good('get', 'csr', 'mallory', '-o', 'jsonpath={.status.certificate}'), '')
    assert.match(
      await bad('certificate', 'approve', 'jane', '--as', 'jane', '--as-group', 'dev'),
      /cannot get resource "certificatesigningrequests"|forbidden/,
    )
    assert.match(await good('describe', 'csr', 'jane'), /Status: +Approved,Issued/)
  })

  const apply = async (name: string, request: string): Promise<void> => {
    const path = join(rig.directory, `${name}.json`)
    const object = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request,
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
        expirationSeconds: 86_400,
      },
    }
    await writeFile(path, JSON.stringify(object))
    await good('apply', '-f', path)
  }
})
