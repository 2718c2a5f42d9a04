// A sorting line at a depot: reads the digit on each label with the model of its site, and learns a
// moment later, at the next station, which digit it truly was. The labels are the 10,000 test images
// of MNIST; no image leaves the site.
//
//   node sorting-line.ts --images DIR [--rate 8] [--seed 1] [--truth-after-ms 1000]
//
// The model's address comes from SKERRY_MODEL_DIGITS_URL, which the agent sets.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '@skerry/base/random'

type Label = { readonly pixels: Uint8Array; readonly digit: number }
type Answer = { readonly status: number; readonly body: string }

const imageBytes = 28 * 28
const reportEveryMs = 60_000

const { values: options } = parseArgs({
  options: {
    images: { type: 'string' },
    rate: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    'truth-after-ms': { type: 'string', default: '1000' },
  },
})
const address = process.env['SKERRY_MODEL_DIGITS_URL']
if (options.images === undefined || address === undefined) {
  console.error('sorting-line: needs --images DIR and the variable SKERRY_MODEL_DIGITS_URL')
  process.exit(2)
}

const truthAfterMs = Number(options['truth-after-ms'])
const labels = readLabels(options.images)
const random = seededRandom(Number(options.seed))
const connections = new Agent({ keepAlive: true, maxSockets: 4 })
const counts = { read: 0, failed: 0 }

setInterval(() => void readOne(), 1000 / Number(options.rate))
setInterval(report, reportEveryMs)

async function readOne(): Promise<void> {
  const label = labels[Math.floor(random.next() * labels.length)]!
  const id = random.uuid()
  const answer = await post('/v2/models/digits/infer', inferRequest(id, label.pixels))
  counts.read += 1
  if (answer?.status !== 200) {
    counts.failed += 1
    console.error(
      `no answer for a label: ${answer === undefined ? 'connection failed' : `${answer.status} ${answer.body}`}`,
    )
    return
  }
  setTimeout(() => void tellTruth(id, label.digit), truthAfterMs)
}

async function tellTruth(id: string, digit: number): Promise<void> {
  // A version that took over in between knows nothing of this answer and says 404: that is no failure.
  await post('/v2/models/digits/truth', Buffer.from(JSON.stringify({ id, label: String(digit) })))
}

function inferRequest(id: string, pixels: Uint8Array): Buffer {
  const data = Array.from(pixels, (pixel) => pixel / 255)
  return Buffer.from(
    JSON.stringify({
      id,
      inputs: [{ name: 'image', shape: [1, 28, 28], datatype: 'FP32', data }],
    }),
  )
}

function post(path: string, body: Buffer): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const sent = request(
      new URL(path, address),
      {
        method: 'POST',
        agent: connections,
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        )
        response.on('error', () => resolve(undefined))
      },
    )
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })
}

/** The IDX files of MNIST (LeCun, Cortes, Burges): a header of 16 or 8 bytes, then plain bytes. */
function readLabels(folder: string): Label[] {
  const images = readFileSync(join(folder, 't10k-images-idx3-ubyte')).subarray(16)
  const digits = readFileSync(join(folder, 't10k-labels-idx1-ubyte')).subarray(8)
  return Array.from(digits, (digit, index) => ({
    digit,
    pixels: images.subarray(index * imageBytes, (index + 1) * imageBytes),
  }))
}

function report(): void {
  console.log(`read ${counts.read} labels, ${counts.failed} without an answer`)
}
