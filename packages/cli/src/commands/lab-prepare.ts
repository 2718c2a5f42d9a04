import type { Progress } from '@skerry/factory/debian/progress'
import { type LabTrees, ensureLabTrees } from '@skerry/factory/lab/lab-trees'
import { formatBytes } from '../progress.ts'

/** `skerry lab prepare`. */
export async function prepareLab(signal: AbortSignal): Promise<void> {
  const trees = await labTrees(signal)
  process.stdout.write(`QEMU, firmware and tools are ready: ${trees.lab.path}\n`)
}

/** The trees, with a line that says what is fetched while it is. */
export async function labTrees(signal: AbortSignal): Promise<LabTrees> {
  const isLive = process.stderr.isTTY
  let last = ''
  const onProgress = ({ step, what, done, total, unit }: Progress) => {
    const amount = (value: number) => (unit === 'bytes' ? formatBytes(value) : `${value}`)
    const line = `${step} ${what}`
    if (isLive) process.stderr.write(`\r\u001B[K${line}: ${amount(done)} of ${amount(total)}`)
    else if (line !== last) process.stderr.write(`${line} (${amount(total)})\n`)
    last = line
  }
  try {
    return await ensureLabTrees({ signal, onProgress })
  } finally {
    if (isLive && last !== '') process.stderr.write('\r\u001B[K')
  }
}
