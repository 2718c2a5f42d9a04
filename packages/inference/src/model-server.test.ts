import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { sketchCount } from '@skerry/api/sketch'
import { identityModel, writeOnnx } from './testing/onnx-fixture.ts'
import { type ServedFixture, post, serveFixture } from './testing/served-fixture.ts'
import type { Datatype } from './tensor-type.ts'

/** A classifier of three classes: it gives back what it gets, so a test can say what it answers. */
const classifier = identityModel(1, ['n', 3])
const row = (...data: number[]) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [data.length / 3, 3], data }],
})

let served: ServedFixture
before(async () => {
  served = await serveFixture(classifier)
})
after(() => served[Symbol.asyncDispose]())

const getJson = async (path: string) => {
  const response = await fetch(`${served.url}${path}`)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

test('health, metadata and readiness, with and without a version', async () => {
  const server = { name: 'skerry', version: '0.1.0', extensions: ['binary_tensor_data'] }
  const model = {
    name: 'digits',
    versions: ['v1'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
  }
  const ready = { name: 'digits', ready: true }
  for (const [path, body] of [
    ['/v2', server],
    ['/v2/', server],
    ['/v2/health/live', { live: true }],
    ['/v2/health/ready', { ready: true }],
    ['/v2/models/digits', model],
    ['/v2/models/digits/versions/v1', model],
    ['/v2/models/digits?x=1', model],
    ['/v2/models/dig%69ts', model],
    ['/v2/models/digits/ready', ready],
    ['/v2/models/digits/versions/v1/ready', ready],
  ] as const)
    assert.deepEqual(await getJson(path), { status: 200, body }, path)
})

test('what is not here is 404 with a sentence; a wrong method is 405 with the right one', async () => {
  for (const [path, message] of [
    ['/', /"\/" is not found: see/],
    ['/v2/models/other', /the model "other" is not served here: "digits" is/],
    ['/v2/models/other/versions/v1/ready', /the model "other"/],
    ['/v2/models/digits/versions/v9', /version "v9" of "digits" is not served here: "v1" is/],
    ['/v2/models/digits/nothing', /is not found/],
    ['/v2/models/%ff', /the model "%ff"/],
    ['/v2/models/__proto__', /the model "__proto__"/],
  ] as const) {
    const { status, body } = await getJson(path)
    assert.equal(status, 404, path)
    assert.match(body['error'] as string, message)
  }
  const response = await fetch(`${served.url}/v2/models/digits/infer`)
  assert.equal(response.status, 405)
  assert.equal(response.headers.get('allow'), 'POST')
})

test('an answer carries the names, the id and the outputs', async () => {
  const answer = await served.infer({ id: 'one', ...row(0.25, 0.5, 0.25) })
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.deepEqual(answer.json, {
    model_name: 'digits',
    model_version: 'v1',
    id: 'one',
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: [0.25, 0.5, 0.25] }],
  })
  const versioned = await post(`${served.url}/v2/models/digits/versions/v1/infer`, row(0, 0, 1))
  assert.equal(versioned.status, 200)
})

test('a wrong request is 400 with a sentence, a compressed one 415', async () => {
  const wrong = await served.infer({ inputs: [] })
  assert.equal(wrong.status, 400)
  assert.match(wrong.json['error'] as string, /the input "x" is missing/)
  const zipped = await served.infer(row(0, 0, 1), { 'content-encoding': 'gzip' })
  assert.equal(zipped.status, 415)
})

test('the truth is judged once, by the id of the answer', async () => {
  const truth = (body: unknown) => post(`${served.url}/v2/models/digits/truth`, body)
  await served.infer({ id: 't1', ...row(0.1, 0.8, 0.1) })
  await served.infer({ id: 't2', ...row(0.1, 0.8, 0.1, 0.9, 0.1, 0) })
  const made = await served.infer(row(0, 0, 1))
  served.server.takeWindow()
  assert.deepEqual((await truth({ id: 't1', label: '1' })).json, { judged: 1, correct: 1 })
  assert.deepEqual((await truth({ id: 't1', label: '1' })).json, { judged: 1, correct: 1 })
  assert.deepEqual((await truth({ id: made.json['id'], label: 0 })).json, { judged: 1, correct: 0 })
  assert.match((await truth({ id: 't2', label: 1 })).json['error'] as string, /has 2 rows, and 1/)
  const list = await truth({
    truths: [
      { id: 't2', label: [1, 2] },
      { id: 'nobody', label: 7 },
    ],
  })
  assert.deepEqual(list.json, { judged: 2, correct: 1, unknown: ['nobody'] })
  assert.equal((await truth({ id: 'nobody', label: 7 })).status, 404)
  const { judged, correct, requests } = served.server.takeWindow()
  assert.deepEqual({ judged, correct, requests }, { judged: 4, correct: 2, requests: 0 })
  for (const body of ['', '[]', '{}', '{"truths":7}', '{"id":7,"label":1}', '{"id":"t1"}'])
    assert.equal((await truth(body)).status, 400, body)
  for (const label of [null, {}, [], [null], true])
    assert.equal((await truth({ id: 't1', label })).status, 400)
  assert.equal((await truth(' '.repeat(2 ** 20 + 1))).status, 413)
})

test('a window counts answers and faults, not the faults of requests', async () => {
  served.server.takeWindow()
  await served.infer(row(0.2, 0.7, 0.1))
  await served.infer(row(0.2, 0.7, 0.1, 1, 0, 0))
  await served.infer(row(-5, 3, 9))
  await served.infer({ inputs: [] })
  const window = served.server.takeWindow()
  assert.equal(window.requests, 3)
  assert.equal(window.errors, 0)
  assert.equal(sketchCount(window.latencyMs), 3)
  assert.deepEqual(window.classes, { 0: 1, 1: 2, 2: 1 })
  /** Scores below 0 or above 1 are no probabilities. */
  assert.equal(sketchCount(window.confidence), 3)
  assert.equal(served.server.takeWindow().requests, 0)
})

test('a model that fails, and an answer that JSON cannot carry, are errors', async () => {
  await using failing = await serveFixture(classifier, {
    run: async () => {
      throw new Error('Non-zero status code returned while running Gather node')
    },
  })
  const failed = await failing.infer(row(0, 0, 1))
  assert.equal(failed.status, 500)
  assert.match(failed.json['error'] as string, /the model failed on this input: Non-zero status/)
  assert.equal(failing.server.takeWindow().errors, 1)

  await using dividing = await serveFixture(
    writeOnnx({
      inputs: [{ name: 'x', type: 1, shape: ['n', 3] }],
      outputs: [{ name: 'y', type: 1, shape: ['n', 3] }],
      nodes: [{ op: 'Log', inputs: ['x'], outputs: ['y'] }],
    }),
  )
  const infinite = await dividing.infer(row(1, 0, 1))
  assert.equal(infinite.status, 500)
  assert.match(
    infinite.json['error'] as string,
    /the output "y" has -Infinity as element 1, which JSON cannot carry: ask for it with/,
  )
  const binary = await dividing.infer({
    ...row(1, 0, 1),
    parameters: { binary_data_output: true },
  })
  assert.equal(binary.status, 200)
  assert.equal(dividing.server.takeWindow().errors, 1)
})

/** A value of each type as its bytes, and how JSON has it. */
const everyType: [Datatype, onnx: number, hex: string, json: string | undefined][] = [
  ['BOOL', 9, '0100', '[true,false]'],
  ['UINT8', 2, '00ff', '[0,255]'],
  ['UINT16', 4, '0000ffff', '[0,65535]'],
  ['UINT32', 12, '00000000ffffffff', '[0,4294967295]'],
  ['UINT64', 13, `${'00'.repeat(8)}${'ff'.repeat(8)}`, '[0,18446744073709551615]'],
  ['INT8', 3, '807f', '[-128,127]'],
  ['INT16', 5, '0080ff7f', '[-32768,32767]'],
  ['INT32', 6, '00000080ffffff7f', '[-2147483648,2147483647]'],
  ['INT64', 7, '0000000000000080ffffffffffffff7f', '[-9223372036854775808,9223372036854775807]'],
  ['FP16', 10, '003c00c0', undefined],
  ['FP32', 1, '0000803f000020c0', '[1,-2.5]'],
  ['FP64', 11, '000000000000f03f9a9999999999b93f', '[1,0.1]'],
  ['BYTES', 8, '02000000c3bc0000000000', '["ü",""]'],
]

for (const [datatype, onnx, hex, json] of everyType)
  test(`${datatype} goes through a model and back, as JSON and as binary`, async () => {
    await using identity = await serveFixture(identityModel(onnx))
    const data = Buffer.from(datatype === 'BYTES' ? hex.slice(0, -2) : hex, 'hex')
    const head = JSON.stringify({
      inputs: [{ name: 'x', datatype, shape: [2], parameters: { binary_data_size: data.length } }],
      parameters: { binary_data_output: true },
    })
    const answer = await identity.infer(Buffer.concat([Buffer.from(head), data]), {
      'inference-header-content-length': String(head.length),
    })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers.get('content-type'), 'application/octet-stream')
    const [output] = answer.json['outputs'] as Record<string, unknown>[]
    assert.deepEqual(output, {
      name: 'y',
      datatype,
      shape: [2],
      parameters: { binary_data_size: data.length },
    })
    const jsonBytes = Number(answer.headers.get('inference-header-content-length'))
    assert.equal(answer.bytes.subarray(jsonBytes).toString('hex'), data.toString('hex'))

    if (json === undefined) {
      const text = head.replace('"binary_data_output":true', '"binary_data_output":false')
      const refused = await identity.infer(Buffer.concat([Buffer.from(text), data]), {
        'inference-header-content-length': String(text.length),
      })
      assert.equal(refused.status, 400)
      assert.match(refused.json['error'] as string, /FP16, which JSON cannot carry/)
      return
    }
    const text = `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[2],"data":${json}}]}`
    const spoken = await identity.infer(text)
    assert.equal(spoken.status, 200, spoken.text)
    assert.ok(spoken.text.includes(`"data":${json}}`), spoken.text)
  })

test('metrics are OpenMetrics, to the last line', async () => {
  await served.infer(row(0.2, 0.7, 0.1))
  const response = await fetch(`${served.url}/metrics`)
  assert.equal(
    response.headers.get('content-type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  )
  const text = await response.text()
  assert.ok(text.endsWith('\n# EOF\n'))
  const lines = text.trimEnd().split('\n')
  const types = new Map(
    lines.flatMap((line) => {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, type!] as const]
    }),
  )
  const suffixes: Record<string, RegExp> = {
    counter: /^_total$/,
    gauge: /^$/,
    info: /^_info$/,
    histogram: /^(_bucket|_count|_sum)$/,
  }
  for (const line of lines.filter((each) => !each.startsWith('#'))) {
    const [, name = ''] = /^([a-z_]+)(?:\{[^}]*\})? \S+$/.exec(line) ?? []
    const family = [...types.keys()]
      .filter((each) => name.startsWith(each))
      .toSorted()
      .at(-1)
    assert.ok(family !== undefined, line)
    assert.match(name.slice(family.length), suffixes[types.get(family)!]!, line)
  }
  assert.match(text, /skerry_inference_classes_total\{model="digits",version="v1",class="1"\} \d+/)
  assert.match(text, /skerry_inference_latency_seconds_bucket\{[^}]*le="1.0"\}/)
})

test('bodies past the bound are 413, however they are sent, and the client hears it', async () => {
  await using small = await serveFixture(classifier, { limits: { bodyBytesMax: 1000 } })
  const large = await small.infer('x'.repeat(2_000_000))
  assert.equal(large.status, 413)
  assert.match(large.json['error'] as string, /larger than 1000 bytes: send fewer rows/)
  const chunked = await fetch(`${small.url}/v2/models/digits/infer`, {
    method: 'POST',
    body: new Blob(['x'.repeat(2_000_000)]).stream(),
    duplex: 'half',
  })
  assert.equal(chunked.status, 413)
  assert.equal((await small.infer(row(0, 0, 1))).status, 200)
})

test('bodies that together are too large wait their turn', async () => {
  await using full = await serveFixture(classifier, { limits: { bodiesBytesMax: 1000 } })
  const answer = await full.infer({ ...row(0, 0, 1), filler: 'x'.repeat(2000) })
  assert.equal(answer.status, 503)
  assert.equal(answer.headers.get('retry-after'), '1')
})

test('a queue that is full says so at once; a client that left is not run', async () => {
  let started = 0
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  await using slow = await serveFixture(classifier, {
    limits: { queueRequestsMax: 2 },
    run: async () => {
      started += 1
      await finished
      return [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 0, 0) }]
    },
  })
  let unanswered = 0
  slow.server.http.on('request', (_request, response: ServerResponse) => {
    response.on('close', () => {
      if (!response.writableFinished) unanswered += 1
    })
  })
  const first = slow.infer(row(0, 0, 1))
  const leaving = new AbortController()
  const left = fetch(`${slow.url}/v2/models/digits/infer`, {
    method: 'POST',
    body: JSON.stringify(row(0, 0, 1)),
    signal: leaving.signal,
  })
  const depth = async () => {
    const metrics = await (await fetch(`${slow.url}/metrics`)).text()
    return Number(/skerry_inference_queue_requests\{[^}]*\} (\d+)/.exec(metrics)![1])
  }
  while ((await depth()) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  const third = await slow.infer(row(0, 0, 1))
  assert.equal(third.status, 503)
  assert.match(third.json['error'] as string, /2 requests wait already: try again/)
  leaving.abort()
  await assert.rejects(left)
  while (unanswered < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  finish()
  assert.equal((await first).status, 200)
  await fetch(`${slow.url}/v2/health/live`)
  assert.equal(started, 1)
  const { requests, errors } = slow.server.takeWindow()
  assert.deepEqual({ requests, errors }, { requests: 3, errors: 2 })
})

/** Speaks to a port without a client's manners; resolves with all that came back. */
const speak = (port: number, text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk.toString()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(heard))
  })

test('what is not HTTP, headers without end, and requests that never end are answered and closed', async () => {
  assert.match(await speak(served.port, 'hello\r\n\r\n'), /^HTTP\/1.1 400 .*"error"/s)
  const headers = `GET /v2 HTTP/1.1\r\nhost: x\r\n${`x: ${'y'.repeat(1000)}\r\n`.repeat(40)}\r\n`
  assert.match(await speak(served.port, headers), /^HTTP\/1.1 431 .*too large/s)
})

test('handed connections: paused ones are served, overdue ones and those too many are closed', async () => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 50 }
  await using handed = await serveFixture(classifier, {
    limits: { ...limits, connectionsMax: 1 },
    isHanded: true,
  })
  const { port } = handed
  const ask = 'GET /v2/health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
  assert.match(await speak(port, ask), /200 OK.*"live":true/s)
  const slow = speak(port, 'GET /v2 HTTP/1.1\r\nhost: x\r\n')
  while (handed.server.connections === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.match(await speak(port, ask), /^HTTP\/1.1 503 .*too many connections are open/s)
  assert.match(await slow, /^HTTP\/1.1 408 .*did not arrive in time/s)
  const body = 'POST /v2/models/digits/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{'
  assert.match(await speak(port, body), /^HTTP\/1.1 408/)
})

test('drain: the next answer closes; an idle client is closed only when its time is over', async () => {
  const served2 = await serveFixture(classifier, {
    limits: { keepAliveMs: 200, keepAliveBufferMs: 100 },
  })
  const closed: string[] = []
  const open = (name: string) => {
    const socket = connect(served2.port, '127.0.0.1')
    const client = { name, heard: '', socket }
    socket.on('data', (chunk) => {
      client.heard += chunk.toString()
    })
    socket.on('error', () => closed.push(`${name} by a reset`))
    socket.on('end', () => closed.push(name))
    return client
  }
  const ask = 'GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n'
  const busy = open('busy')
  const idle = open('idle')
  open('fresh')
  const until = async (is: () => boolean) => {
    while (!is()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  busy.socket.write(ask)
  idle.socket.write(ask)
  await until(() => busy.heard.includes('live') && idle.heard.includes('live'))
  await until(() => served2.server.connections === 3)
  assert.match(idle.heard, /Connection: keep-alive\r\nKeep-Alive: timeout=/)
  let isDrained = false
  const drained = served2.server.drain(5_000).then(() => {
    isDrained = true
  })
  busy.heard = ''
  busy.socket.write(ask)
  await until(() => closed.includes('busy'))
  assert.match(busy.heard, /200 OK.*Connection: close/s)
  assert.deepEqual(closed, ['busy'], 'the idle ones were closed early')
  assert.equal(isDrained, false)
  await drained
  assert.deepEqual(closed.toSorted(), ['busy', 'fresh', 'idle'])
  await served2[Symbol.asyncDispose]()
})

test('drain: what is under way is answered, what stays is cut at the deadline', async () => {
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = await serveFixture(classifier, {
    run: async () => {
      await finished
      return [{ name: 'y', datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 0, 0) }]
    },
  })
  const running = slow.infer(row(0, 0, 1))
  while (slow.server.connections < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  const drained = slow.server.drain(5_000, true)
  await new Promise((resolve) => setTimeout(resolve, 30))
  finish()
  const answer = await running
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('connection'), 'close')
  await drained
  assert.equal(slow.server.connections, 0)
  await slow[Symbol.asyncDispose]()

  const stuck = await serveFixture(classifier, { run: () => new Promise(() => {}) })
  const cut = assert.rejects(stuck.infer(row(0, 0, 1)))
  while (stuck.server.connections < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  await stuck.server.drain(50)
  await cut
  await stuck[Symbol.asyncDispose]()
})
