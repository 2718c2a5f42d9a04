// Looks for answers that no request should get: 500s, hangs, changed prototypes, what is no JSON.
//   node packages/hub/conformance/fuzz.ts --seed 1 --seconds 60
// What fails is made small and printed with its seed; the same seed finds it again.
import { parseArgs } from 'node:util'
import { systemClock } from '@skerry/base/clock'
import { runFuzz } from './fuzz-run.ts'
import { openMemoryHub } from './hubs.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, seconds: { type: 'string', default: '10' } },
})
const clock = systemClock
const endMs = clock.monotonicMs() + Number(values.seconds) * 1000
await using hub = await openMemoryHub()
const seed = Number(values.seed)
const outcome = await runFuzz({
  target: hub.target,
  seed,
  clock,
  goesOn: () => clock.monotonicMs() < endMs,
})
if ('sent' in outcome)
  process.stdout.write(`seed ${seed}: ${outcome.sent} requests, all answered\n`)
else {
  const { method, path, headers, text } = outcome.request
  process.stdout.write(
    `seed ${seed}, request ${outcome.nth}: ${outcome.why}\n${method} ${path}\n${JSON.stringify(headers)}\n${text ?? ''}\n`,
  )
  process.exitCode = 1
}
