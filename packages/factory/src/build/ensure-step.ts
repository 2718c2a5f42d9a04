import { stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { canonicalJson } from '@skerry/base/json'
import { keepWhole } from '../debian/keep-whole.ts'
import type { BuildContext } from './build-context.ts'

export type StepRequest = {
  /** What a person reads, such as `root file system`. */
  readonly name: string
  /** All that what is made depends on. */
  readonly inputs: unknown
  readonly make: (directory: string) => Promise<void>
}

/** Where a step's files are once it is done: named by all that they depend on. */
export function stepDirectory(
  context: Pick<BuildContext, 'cache'>,
  { name, inputs }: Pick<StepRequest, 'name' | 'inputs'>,
): string {
  const digest = digestOf(canonicalJson(inputs)).slice('sha256:'.length, 'sha256:'.length + 32)
  return join(context.cache.roots, `${name.replaceAll(' ', '-')}-${digest}`)
}

/**
 * The files of a step: from the cache, or made now. They are whole or not there, so that a build that was cut
 * off goes on with the step that it was in.
 */
export async function ensureStep(context: BuildContext, step: StepRequest): Promise<string> {
  const directory = stepDirectory(context, step)
  const { name } = step
  const now = context.clock.now() / 1000
  if ((await stat(directory).catch(() => undefined)) !== undefined) {
    // What was used lately is not cleared away.
    await utimes(directory, now, now).catch(() => undefined)
    context.onProgress({ step: name, state: 'Cached' })
    return directory
  }
  await timed(context, name, () =>
    tellStorageErrors(context.cache.directory, async () => {
      await keepWhole(context.cache, directory, step.make, context.signal)
    }),
  )
  return directory
}

/** Does something whose length a person waits for. */
export async function timed<T>(
  context: Pick<BuildContext, 'clock' | 'onProgress'>,
  step: string,
  act: () => Promise<T>,
): Promise<T> {
  const begunMs = context.clock.monotonicMs()
  context.onProgress({ step, state: 'Begun' })
  const result = await act()
  const elapsedMs = Math.round(context.clock.monotonicMs() - begunMs)
  context.onProgress({ step, state: 'Done', elapsedMs })
  return result
}
