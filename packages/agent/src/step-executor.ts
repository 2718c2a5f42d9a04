import { assert, toError, unreachable } from '@skerry/base/assert'
import type { FailedContent } from '@skerry/planner/site-state'
import type { Step } from '@skerry/planner/step'
import type { BlobFetcher } from './blob-fetcher.ts'
import { DiskError, PortError } from './host.ts'
import { OsRefused, type OsRuntime } from './os/os-runtime.ts'
import type { ModelRuntime } from './runtimes/model-runtime.ts'
import type { WorkloadRuntime } from './runtimes/workload-runtime.ts'
import type { SiteRecord } from './site-record.ts'
import type { BlobStore } from './state/blob-store.ts'

/** What the steps of a plan act on. */
export type SiteMachinery = {
  readonly blobs: BlobStore
  readonly fetcher: BlobFetcher
  readonly models: ModelRuntime
  readonly workloads: WorkloadRuntime
  readonly record: SiteRecord
  /** Absent where the operating system is not an image. */
  readonly os?: OsRuntime | undefined
}

export type StepOutcome = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** Does one step. None takes long: what does goes on by itself and is seen at the next look. */
export async function executeStep(machinery: SiteMachinery, step: Step): Promise<StepOutcome> {
  try {
    await act(machinery, step)
    return { ok: true }
  } catch (error) {
    if (error instanceof DiskError || error instanceof PortError || error instanceof OsRefused)
      return { ok: false, message: toError(error).message }
    throw error
  }
}

async function act(machinery: SiteMachinery, step: Step): Promise<void> {
  const { blobs, fetcher, models, workloads, record } = machinery
  switch (step.do) {
    case 'open-port':
      return models.openPort(step.layer, step.port)
    case 'fetch-blob':
      return fetcher.start(step.content)
    case 'start-model': {
      if (!(await blobs.verify(step.content.digest)))
        throw new DiskError('Broken', 'the file decayed on this disk: it is fetched again')
      return models.start(step.content)
    }
    case 'switch-model':
      models.switchTo(step.instance)
      return record.noteGood(step.content)
    case 'drain-old':
      return models.drain(step.instance)
    case 'give-up': {
      const { layer, digest, attempt, reason } = step
      const failure: FailedContent = { layer, digest, attempt, message: reason }
      models.drain(step.instance)
      return record.noteFailure(failure)
    }
    case 'start-workload':
      workloads.start(step.content, models.ports())
      return record.noteGood(step.content)
    case 'restart-workload':
      return workloads.start(step.content, models.ports())
    case 'stop-layer':
      workloads.stop(step.layer)
      if (step.isWanted) return
      await models.closeLayer(step.layer)
      return record.forgetLayer(step.layer)
    case 'note-applied':
      return record.noteApplied(step.version)
    case 'remove-file':
      return blobs.remove(step.digest)
    case 'install-os':
    case 'switch-os':
    case 'restart-machine':
    case 'bless-os':
    case 'condemn-os':
      return actOnOs(machinery.os, step)
    case 'give-up-os': {
      const { layer, digest, attempt, reason } = step
      return record.noteFailure({ layer, digest, attempt, message: reason })
    }
    case 'wait':
      return
    default:
      return unreachable(step)
  }
}

type OsStep = Extract<
  Step,
  { do: 'install-os' | 'switch-os' | 'restart-machine' | 'bless-os' | 'condemn-os' }
>

async function actOnOs(os: OsRuntime | undefined, step: OsStep): Promise<void> {
  assert(os !== undefined, 'only a machine with an image is asked to change it')
  switch (step.do) {
    case 'install-os':
      return os.startInstall(step.content)
    case 'switch-os':
      return os.switchTo(step.imageId, { digest: step.digest, attempt: step.attempt })
    case 'restart-machine':
      return os.restart()
    case 'bless-os':
      return os.bless()
    case 'condemn-os':
      return os.condemn(step.reason)
  }
}
