// Stands in for the process of a model: speaks the model server protocol, answers each request with its
// version, and behaves as the "model file" tells it to.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { Socket } from 'node:net'
import { parseArgs } from 'node:util'
import type { FromModelServer, ToModelServer } from '@skerry/api/model-server-protocol'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { file: text, model: text, version: text, digest: text } })
const behaviour = readFileSync(values.file ?? '', 'utf8').split(' ')[0]
const tell = (message: FromModelServer) => void process.send?.(message)

const sockets = new Set<Socket>()
let isDraining = false
let requests = 0

const takeWindow = () => {
  const empty = { zero: 0, buckets: [], sum: 0 }
  const counted = { requests, errors: 0, judged: 0, correct: 0 }
  requests = 0
  return { ...counted, latencyMs: empty, confidence: empty, classes: {} }
}

const server = createServer((request, response) => {
  requests += 1
  request.resume()
  request.on('end', () => {
    if (request.url === '/crash') process.kill(process.pid, 'SIGKILL')
    setTimeout(() => {
      if (isDraining) response.setHeader('connection', 'close')
      response.end(JSON.stringify({ version: values.version, pid: process.pid }))
    }, 2)
  })
})
server.keepAliveTimeout = 60_000

const endWhenIdle = () => {
  if (!isDraining || sockets.size > 0) return
  process.send?.({ type: 'collected', id: -1, window: takeWindow() }, () => process.exit(0))
}

process.on('message', (message: ToModelServer, handle: unknown) => {
  if (message.type === 'connection' && handle instanceof Socket) {
    sockets.add(handle)
    handle.on('close', () => {
      sockets.delete(handle)
      endWhenIdle()
    })
    server.emit('connection', handle)
    handle.resume()
  }
  if (message.type === 'collect') tell({ type: 'collected', id: message.id, window: takeWindow() })
  if (message.type === 'drain') {
    isDraining = true
    setTimeout(() => process.exit(0), message.deadlineMs)
    endWhenIdle()
  }
})
// An agent that died is no reason to die here: the leftovers are the test's subject.
process.on('disconnect', () => {})
setInterval(() => {}, 60_000)

if (behaviour === 'refuse') {
  tell({ type: 'refused', reason: 'NotAModel', message: 'it is a shopping list' })
  setTimeout(() => process.exit(3), 20)
} else if (behaviour === 'crash') process.kill(process.pid, 'SIGSEGV')
else tell({ type: 'ready', signature: { inputs: [], outputs: [] }, selfTestMs: 1 })
