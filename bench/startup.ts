// From `npm start` on an installed checkout to three green sites, on an empty data folder.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentiles, writeResults } from './lib-results.ts'

const runs = 5

export async function run(): Promise<void> {
  const seconds: number[] = []
  for (let index = 0; index < runs; index += 1) seconds.push(await startOnce(17_443 + 10 * index))
  const result = { unit: 's', promise: '< 20', runs: seconds, ...percentiles(seconds) }
  console.table([{ ...result, runs: seconds.map((value) => value.toFixed(1)).join(' ') }])
  writeResults('startup', result)
}

function startOnce(port: number): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'skerry-'))
  const startedMs = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['start', '--', `--data=${data}`, `--port=${port}`], {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    let greenMs = 0
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (greenMs === 0 && output.includes('3 of 3 sites are green')) {
        greenMs = performance.now() - startedMs
        child.kill('SIGTERM')
      }
    })
    child.on('exit', () => {
      rmSync(data, { recursive: true, force: true })
      if (greenMs === 0) reject(new Error(`never green:\n${output}`))
      else resolve(Math.round(greenMs / 10) / 100)
    })
  })
}

if (import.meta.main) await run()
