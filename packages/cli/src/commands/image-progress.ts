import type { BuildProgress } from '@skerry/factory/build/build-progress'
import { paint } from '../output.ts'
import { formatBytes } from '../progress.ts'

export type ProgressScreen = { readonly isTTY?: boolean; write(text: string): unknown }

/** Steps of a build as lines; on a terminal the one under way is drawn over itself. */
export function showBuildProgress(screen: ProgressScreen) {
  let isDrawn = false
  const clear = () => {
    if (isDrawn) screen.write('\r\u001B[K')
    isDrawn = false
  }
  const line = (text: string) => {
    clear()
    screen.write(`${text}\n`)
  }
  const draw = (text: string) => {
    if (screen.isTTY !== true) return
    screen.write(`\r\u001B[K${text}`)
    isDrawn = true
  }
  return {
    update(progress: BuildProgress): void {
      const { step } = progress
      if (progress.state === 'Begun') draw(`  ${step} …`)
      else if (progress.state === 'Cached') line(paint.dim(`✓ ${step} (from the cache)`))
      else if (progress.state === 'Done')
        line(`${paint.green('✓')} ${step} ${paint.dim(seconds(progress.elapsedMs))}`)
      else if (progress.state === 'Under way') draw(`  ${step}: ${underWay(progress.progress)}`)
    },
    end: clear,
  }
}

type UnderWay = Extract<BuildProgress, { readonly state: 'Under way' }>['progress']

function underWay({ step, what, done, total, unit }: UnderWay): string {
  const amount = (count: number) => (unit === 'bytes' ? formatBytes(count) : `${count} ${unit}`)
  return `${step} ${what}, ${total === 0 ? amount(done) : `${amount(done)} of ${amount(total)}`}`
}

const seconds = (elapsedMs: number) => `${(elapsedMs / 1000).toFixed(1)} s`
