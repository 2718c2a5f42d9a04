import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { sketchCount } from '@skerry/api/sketch'
import { identityModel, intAttribute, writeOnnx } from '../src/testing/onnx-fixture.ts'
import { HandOver, ModelProcess, scratch } from './model-process.ts'

const classifier = identityModel(1, ['n', 3])
const body = JSON.stringify({
  id: 'one',
  inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [0.1, 0.8, 0.1] }],
})
type Answer = { readonly status: number; readonly response: IncomingMessage; readonly text: string }

const ask = (port: number, agent: Agent, sent = body): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const path = '/v2/models/digits/infer'
    const sending = request(
      { port, path, method: 'POST', agent, host: '127.0.0.1' },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += String(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode!, response, text }))
      },
    )
    sending.on('error', reject)
    sending.end(sent)
  })

test('a process says ready, serves what it is handed, and tells what it measured', async () => {
  using files = scratch()
  using listener = new HandOver()
  using agent = disposable(new Agent({ keepAlive: true }))
  await listener.listen()
  await using model = new ModelProcess(files.file('m.onnx', classifier))
  listener.serving = model
  /** Before it is ready: the connection waits. */
  const early = ask(listener.port, agent.agent)
  const ready = await model.message('ready')
  assert.deepEqual(ready.signature.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }])
  assert.ok(ready.selfTestMs > 0)
  assert.equal((await early).status, 200)
  assert.equal((await ask(listener.port, agent.agent)).status, 200)
  model.send({ type: 'collect', id: 41 })
  const { id, window } = await model.message('collected')
  assert.equal(id, 41)
  assert.deepEqual([window.requests, window.errors, window.classes], [2, 0, { 1: 2 }])
  assert.equal(sketchCount(window.latencyMs), 2, 'the warm-up is not among what is measured')
})

test('drain: the last window is told, the process ends with 0, and no client sees an error', async () => {
  using files = scratch()
  using listener = new HandOver()
  using agent = disposable(new Agent({ keepAlive: true }))
  await listener.listen()
  await using model = new ModelProcess(files.file('m.onnx', classifier))
  await model.message('ready')
  listener.serving = model
  assert.equal((await ask(listener.port, agent.agent)).response.headers['connection'], 'keep-alive')
  model.send({ type: 'drain', deadlineMs: 20_000 })
  /** The same connection gets one more answer, and is told to go. */
  while (true) {
    const { status, response } = await ask(listener.port, agent.agent)
    assert.equal(status, 200)
    if (response.headers['connection'] === 'close') break
  }
  assert.deepEqual(await model.exit, { code: 0, signal: null })
  const last = model.messages.at(-1)
  assert.ok(last?.type === 'collected')
  assert.equal(last.id, -1)
  assert.ok(last.window.requests >= 2)
})

test('a process whose parent dies ends by itself', async () => {
  using files = scratch()
  await using model = new ModelProcess(files.file('m.onnx', classifier))
  await model.message('ready')
  model.child.disconnect()
  assert.deepEqual(await model.exit, { code: 0, signal: null })
  await using loading = new ModelProcess(files.file('n.onnx', classifier))
  loading.child.disconnect()
  assert.deepEqual(await loading.exit, { code: 0, signal: null })
})

test('a process with an answer under way gives it before it ends', async () => {
  using files = scratch()
  using listener = new HandOver()
  using agent = disposable(new Agent({ keepAlive: true }))
  await listener.listen()
  await using model = new ModelProcess(files.file('m.onnx', classifier))
  await model.message('ready')
  listener.serving = model
  const data = Array.from({ length: 300_000 }, (_, index) => index % 3)
  const large = JSON.stringify({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [100_000, 3], data }],
  })
  assert.equal((await ask(listener.port, agent.agent)).status, 200)
  const answering = ask(listener.port, agent.agent, large)
  await new Promise((resolve) => setTimeout(resolve, 30))
  model.child.disconnect()
  assert.equal((await answering).status, 200)
  assert.deepEqual(await model.exit, { code: 0, signal: null })
})

const refusals: [name: string, bytes: Uint8Array, digest: string | undefined, RegExp, RegExp][] = [
  [
    'no model',
    Buffer.from('hello'),
    undefined,
    /^NotAModel$/,
    /^The model digits v1 is not an ONNX model: its first bytes are "hello"\.$/,
  ],
  [
    'an unknown operator',
    writeOnnx({
      inputs: [{ name: 'x', type: 1, shape: ['n'] }],
      outputs: [{ name: 'y', type: 1, shape: ['n'] }],
      nodes: [{ op: 'Frobnicate', inputs: ['x'], outputs: ['y'] }],
    }),
    undefined,
    /^UnsupportedOperator$/,
    /"Frobnicate"/,
  ],
  [
    'other bytes than were named',
    classifier,
    `sha256:${'0'.repeat(64)}`,
    /^Unreadable$/,
    /has the digest sha256:\w{64}, not sha256:0{64}: fetch it again/,
  ],
  [
    'outputs that no client could read',
    writeOnnx({
      inputs: [{ name: 'x', type: 1, shape: ['n'] }],
      outputs: [{ name: 'y', type: 22, shape: ['n'] }],
      nodes: [{ op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: [intAttribute('to', 22)] }],
      opset: 21,
      irVersion: 10,
    }),
    undefined,
    /^UnsupportedType$/,
    /the output "y" of type INT4/,
  ],
]

for (const [name, bytes, digest, reason, message] of refusals)
  test(`refused with exit code 3: ${name}`, async () => {
    using files = scratch()
    const file = files.file('m.onnx', bytes)
    await using model = new ModelProcess(file, digest === undefined ? {} : { digest })
    const refused = await model.message('refused')
    assert.match(refused.reason, reason)
    assert.match(refused.message, message)
    assert.deepEqual(await model.exit, { code: 3, signal: null })
  })

test('nothing is written to the home of whoever runs a model', async () => {
  using files = scratch()
  using home = scratch()
  const env = { PATH: process.env['PATH'], HOME: home.path, XDG_CACHE_HOME: home.path }
  await using model = new ModelProcess(files.file('m.onnx', classifier), { env })
  await model.message('ready')
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(readdirSync(home.path), [])
})

function disposable(agent: Agent): { readonly agent: Agent } & Disposable {
  return { agent, [Symbol.dispose]: () => agent.destroy() }
}

test('swaps under load: no request fails, and every process ends with 0', async () => {
  using files = scratch()
  using listener = new HandOver()
  await listener.listen()
  const file = files.file('m.onnx', classifier)
  const processes = [new ModelProcess(file)]
  await processes[0]!.message('ready')
  listener.serving = processes[0]
  let isOver = false
  const failures: string[] = []
  let answered = 0
  const client = async (everyMs: number) => {
    using agent = disposable(new Agent({ keepAlive: true, maxSockets: 1 }))
    while (!isOver) {
      try {
        const { status } = await ask(listener.port, agent.agent)
        if (status === 200) answered += 1
        else failures.push(String(status))
      } catch (error) {
        failures.push(String(error))
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
  const clients = Array.from({ length: 10 }, () => client(50))
  /** These ask again just before the time that the server announced is over. */
  const idlers = Array.from({ length: 5 }, () => client(4_800))
  for (let swap = 0; swap < 2; swap += 1) {
    const next = new ModelProcess(file)
    processes.push(next)
    await next.message('ready')
    const old = listener.serving!
    listener.serving = next
    old.send({ type: 'drain', deadlineMs: 30_000 })
    assert.deepEqual(await old.exit, { code: 0, signal: null })
  }
  isOver = true
  await Promise.all([...clients, ...idlers])
  assert.deepEqual(failures, [])
  assert.ok(answered > 100, `${answered} answers`)
  for (const each of processes) await each[Symbol.asyncDispose]()
})
