import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { plainDefinition } from './custom-kinds-definitions.ts'
import { certificateDefinition } from './custom-kinds-real.ts'
import { openCustomKindsRig } from './custom-kinds-rig.ts'

// A real kubectl with kinds that it brings itself. `KUBECTL` names another than the one on the path.
const kubectl = process.env['KUBECTL'] ?? 'kubectl'
const isThere = spawnSync(kubectl, ['version', '--client']).status === 0
const skip = isThere
  ? false
  : `${kubectl} cannot be run: put kubectl on the path or name it in KUBECTL`

const commandMsMax = 60_000

describe("a real kubectl with users' kinds", { skip }, () => {
  const stack = new AsyncDisposableStack()
  let directory: string
  let server: string

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skerry-kinds-'))
    stack.defer(() => rm(directory, { recursive: true }))
    server = stack.use(await openCustomKindsRig()).server
  })
  after(() => stack.disposeAsync())

  const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((done) => {
      const env = { PATH: process.env['PATH'], HOME: directory }
      const all = ['--server', server, ...args]
      execFile(kubectl, all, { env, timeout: commandMsMax }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : 1, stdout, stderr }),
      )
    })
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const file = async (name: string, object: object): Promise<string> => {
    const path = join(directory, name)
    await writeFile(path, JSON.stringify(object))
    return path
  }

  it('applies a definition, waits for it, and uses it at once', async () => {
    await good('apply', '-f', await file('crd.json', certificateDefinition))
    await good(
      'wait',
      '--for=condition=Established',
      'crd/certificates.cert.test.io',
      '--timeout=10s',
    )
    const certificate = {
      apiVersion: 'cert.test.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web' },
      spec: { secretName: 's', issuerRef: { name: 'ca' } },
    }
    const path = await file('certificate.json', certificate)
    assert.equal(await good('apply', '-f', path), 'certificate.cert.test.io/web created\n')
    assert.equal(await good('apply', '-f', path), 'certificate.cert.test.io/web unchanged\n')
    assert.match(await good('get', 'cert'), /^NAME +READY +SECRET +AGE\nweb +s +\d+s\n$/)
    assert.match(await good('get', 'cert'), /^web/m)
    assert.match(
      await good('api-resources', '--categories=cert'),
      /certificates +cert +cert\.test\.io\/v1 +true +Certificate/,
    )
    assert.match(await good('get', 'crd'), /certificates\.cert\.test\.io +\d{4}-/)
    assert.match(await good('describe', 'cert', 'web'), /Secret Name: +s/)
  })

  it('explains it, all the way down', async () => {
    const told = await good('explain', 'certificates', '--recursive')
    assert.match(told, /GROUP: +cert\.test\.io\nKIND: +Certificate\nVERSION: +v1/)
    assert.match(told, / {4}listeners\t<\[\]Object>\n {6}hostname\t<string>/)
    assert.match(
      await good('explain', 'certificate.spec.privateKey.algorithm'),
      /ENUM:\n {4}RSA\n {4}ECDSA\n/,
    )
  })

  it('is told of mistakes before and by the server', async () => {
    const wrong = {
      apiVersion: 'cert.test.io/v1',
      kind: 'Certificate',
      metadata: { name: 'bad' },
      spec: { secretName: 1, issuerRef: { name: 'ca' }, nope: 1 },
    }
    const { stderr } = await run('apply', '-f', await file('wrong.json', wrong))
    assert.match(stderr, /strict decoding error: unknown field "spec\.nope"/)
    const loose = await run('apply', '--validate=ignore', '-f', join(directory, 'wrong.json'))
    assert.match(loose.stderr, /spec\.secretName in body must be of type string: "integer"/)
  })

  it('scales', async () => {
    const definition = plainDefinition('pools', 'Pool', {
      properties: { replicas: { type: 'integer' } },
    })
    Object.assign(definition.spec.versions[0]!, {
      subresources: {
        scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
      },
    })
    await good('apply', '-f', await file('pools.json', definition))
    await good('wait', '--for=condition=Established', 'crd/pools.t.io', '--timeout=10s')
    const pool = {
      apiVersion: 't.io/v1',
      kind: 'Pool',
      metadata: { name: 'p' },
      spec: { replicas: 1 },
    }
    await good('apply', '-f', await file('pool.json', pool))
    assert.equal(await good('scale', 'pool/p', '--replicas=4'), 'pool.t.io/p scaled\n')
    assert.equal(await good('get', 'pool', 'p', '-o', 'jsonpath={.spec.replicas}'), '4')
    const { stderr } = await run('scale', 'pool/p', '--replicas=2', '--current-replicas=9')
    assert.match(stderr, /Expected replicas to be 9, was 4/)
  })

  it('takes a definition away with its objects', async () => {
    assert.match(await good('delete', 'crd', 'pools.t.io'), /"pools\.t\.io" deleted/)
    const { stderr } = await run('get', 'pools')
    // What kubectl remembers of discovery may be older than the end of the kind.
    assert.match(
      stderr,
      /doesn't have a resource type "pools"|could not find the requested resource/,
    )
  })
})
