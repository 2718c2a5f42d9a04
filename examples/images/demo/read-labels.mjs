// Reads a digit from a label every second with the model of this machine, and learns a moment later which it
// truly was. A workload of the demo's Profile; SKERRY_MODEL_DIGITS_URL is set by the agent.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'

const [file, everyMs = '1000'] = process.argv.slice(2)
const address = process.env.SKERRY_MODEL_DIGITS_URL
if (file === undefined || address === undefined) {
  console.error('read-labels: needs a file of labels and the variable SKERRY_MODEL_DIGITS_URL')
  process.exit(2)
}
// Each label is a byte that says the digit, and 28 x 28 bytes of grey.
const bytes = readFileSync(file)
const labelBytes = 1 + 28 * 28
const connections = new Agent({ keepAlive: true, maxSockets: 2 })
let count = 0

setInterval(() => void readOne(), Number(everyMs))

async function readOne() {
  const at = (count % Math.floor(bytes.length / labelBytes)) * labelBytes
  count += 1
  const id = `label-${process.pid}-${count}`
  const data = Array.from(bytes.subarray(at + 1, at + labelBytes), (grey) => grey / 255)
  const inputs = [{ name: 'image', shape: [1, 28, 28], datatype: 'FP32', data }]
  const status = await post('/v2/models/digits/infer', { id, inputs })
  if (status === 200) await post('/v2/models/digits/truth', { id, label: String(bytes[at]) })
  else console.error(`no answer for a label: ${status ?? 'connection failed'}`)
}

function post(path, body) {
  return new Promise((resolve) => {
    const text = JSON.stringify(body)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    }
    const sent = request(
      new URL(path, address),
      { method: 'POST', agent: connections, headers },
      (answer) => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode))
        answer.on('error', () => resolve(undefined))
      },
    )
    sent.on('error', () => resolve(undefined))
    sent.end(text)
  })
}
