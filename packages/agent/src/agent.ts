import type { SpecVersion } from '@skerry/api/site-spec'
import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import { stepKey } from '@skerry/planner/step'
import type { AgentConfig } from './agent-config.ts'
import { createBlobFetcher } from './blob-fetcher.ts'
import { type ReadableBus, createBus } from './bus.ts'
import { type ConnectionState, type CurrentState, type TargetState, unknownState } from './buses.ts'
import { type DeviceTrust, loadDeviceTrust } from './device-trust.ts'
import { untilAborted } from './first-of.ts'
import { createHeldSteps } from './held-steps.ts'
import { DiskError, type Host } from './host.ts'
import { taskRestart } from './limits.ts'
import { openOsRuntime } from './os/open-os-runtime.ts'
import { osTrial } from './os/os-trial.ts'
import { createChildren } from './runtimes/children.ts'
import type { MeasuredWindow } from './runtimes/model-process.ts'
import { createModelRuntime } from './runtimes/model-runtime.ts'
import { type ProcessLogs, createProcessLogs } from './runtimes/rotating-log.ts'
import { createWorkloadRuntime } from './runtimes/workload-runtime.ts'
import { loadSiteRecord } from './site-record.ts'
import { type AgentState, openAgentState } from './state/agent-state.ts'
import { openBlobStore } from './state/blob-store.ts'
import type { SiteMachinery } from './step-executor.ts'
import { createTargetIntake, readKeptSpec } from './target-intake.ts'
import { localApi } from './tasks/local-api.ts'
import { poll } from './tasks/poll.ts'
import { report } from './tasks/report.ts'
import { seek } from './tasks/seek.ts'
import { createRecorder } from './telemetry/measure.ts'
import { openSpool } from './telemetry/spool.ts'

/** Another agent works in this directory. */
export class DirectoryInUse extends Error {
  constructor(data: string) {
    super(`Another agent uses ${data}: stop it, or give this one a directory of its own by --data`)
    this.name = 'DirectoryInUse'
  }
}

/**
 * Runs a device's agent until the signal aborts: poll writes target; seek reads target and writes
 * current; report reads current; the local API reads current and may write target. No other arrows.
 */
export async function runAgent(
  host: Host,
  config: AgentConfig,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  await makeDirectory(host, config.data)
  const lock = await host.network.lockDirectory(config.data)
  if (lock === undefined) throw new DirectoryInUse(config.data)
  stack.use(lock)
  const state = await openAgentState(host.disk, config.data, host.log)
  const children = createChildren(host, state, config.data)
  const ended = await children.endLeftovers()
  if (ended > 0) host.log.warn('Ended what an earlier run left behind', { processes: ended })

  const buses = createBuses()
  const bootId = host.random.uuid()
  const directory = `${config.data}/spool`
  const { dropped } = state
  const spool = stack.use(
    await openSpool({ disk: host.disk, directory, bootId, dropped, log: host.log }),
  )
  const recorder = createRecorder(spool, host.log, () => buses.spooled.set(undefined))
  stack.defer(() => recorder.flush())

  const trust = await loadDeviceTrust(state.enrolment)
  const spec = readKeptSpec(await state.target.read())
  if (spec !== undefined) buses.target.set({ spec })
  const held = createHeldSteps(host.clock, host.random)
  const heldSpec = () => buses.target.get().spec
  const context: MachineryContext = { host, config, state, buses, held, heldSpec }
  const site = () => trust.get()?.identity.site ?? buses.target.get().spec?.site ?? ''
  const logs = stack.use(createProcessLogs(host.disk, `${config.data}/logs`))
  const onWindow = (measured: MeasuredWindow) => recorder.record(measured)
  const machinery = await createMachinery(context, { children, logs, site, onWindow })
  stack.defer(async () => {
    await Promise.all([machinery.workloads.stopAll(), machinery.models.stopAll()])
  })

  const { target, current, connection } = buses
  const applied = () => machinery.record.applied()
  const intake = createTargetIntake({
    trust,
    file: state.target,
    bus: target,
    applied,
    log: host.log,
  })
  const shared = { host, bootId, target, current, connection, trust, intake, spool }
  const { models } = machinery
  const { heartbeatMs } = config
  const reports = { sent: 0 }
  const path = `${config.data}/agent.sock`
  const { told } = buses
  await Promise.all([
    keepRunning(host, 'poll', signal, (ends) => poll({ ...shared, config, state }, ends)),
    keepRunning(host, 'seek', signal, (ends) =>
      seek({ ...shared, happened: buses.happened, machinery, held }, ends),
    ),
    keepRunning(host, 'report', signal, (ends) =>
      report({ ...shared, models, heartbeatMs, reports, told, spooled: buses.spooled }, ends),
    ),
    keepRunning(host, 'trial of the image', signal, (ends) =>
      judgeImage({ ...shared, state, machinery }, ends),
    ),
    keepRunning(host, 'local API', signal, (ends) => localApi({ ...shared, path }, ends)),
  ])
}

async function makeDirectory({ disk, log }: Host, data: string): Promise<void> {
  await disk.mkdir(data)
  try {
    await disk.syncDirectory(data.slice(0, data.lastIndexOf('/')) || '/')
  } catch (error) {
    // The agent may live in a directory whose parent it may not open.
    if (!(error instanceof DiskError)) throw error
    log.debug('The parent directory is not synced', { reason: error.message })
  }
}

function createBuses() {
  return {
    target: createBus<TargetState>({}),
    current: createBus<CurrentState>(unknownState),
    connection: createBus<ConnectionState>({ phase: 'Connecting' }),
    /** Something happened at the site that seek should look at. */
    happened: createBus<undefined>(undefined),
    spooled: createBus<undefined>(undefined),
    /** Version of `current` that the hub took last. */
    told: createBus(-1),
  }
}

type MachineryContext = {
  readonly host: Host
  readonly config: AgentConfig
  readonly state: AgentState
  readonly buses: ReturnType<typeof createBuses>
  readonly held: ReturnType<typeof createHeldSteps>
  readonly heldSpec: () => SpecVersion | undefined
}

type MachineryParts = {
  readonly children: ReturnType<typeof createChildren>
  readonly logs: ProcessLogs
  readonly site: () => string
  readonly onWindow: (measured: MeasuredWindow) => void
}

async function createMachinery(
  { host, config, state, buses, held, heldSpec }: MachineryContext,
  { children, logs, site, onWindow }: MachineryParts,
): Promise<SiteMachinery> {
  const { data, modelServer } = config
  const blobs = await openBlobStore(host.disk, data)
  const onChange = () => buses.happened.set(undefined)
  const place = { host, children, data, logs, onChange }
  const record = await loadSiteRecord(state)
  return {
    record,
    os: openOsRuntime({ ...buses, host, held, record, heldSpec }),
    blobs,
    fetcher: createBlobFetcher({
      blobs,
      connection: buses.connection,
      onProgress: onChange,
      onEnd: (content, failure) => {
        const step = { do: 'fetch-blob', when: 'now', layer: content.name, content } as const
        const key = stepKey({ ...step, reason: '' })
        if (failure === undefined) held.release(key)
        else held.hold(key, failure)
        host.log.info(`Fetch ended: ${key}`, { failure })
        onChange()
      },
    }),
    models: createModelRuntime({
      ...place,
      modelServer,
      remembered: state.ports,
      fileOf: (digest) => blobs.pathOf(digest),
      onWindow,
    }),
    workloads: createWorkloadRuntime({ ...place, site }),
  }
}

type ImageView = {
  readonly host: Host
  readonly state: AgentState
  readonly machinery: SiteMachinery
  readonly trust: DeviceTrust
  readonly target: ReadableBus<TargetState>
  readonly connection: ReadableBus<ConnectionState>
}

/** Where the operating system is an image: whether the running one is well. It tells seek and nobody else. */
function judgeImage(view: ImageView, signal: AbortSignal): Promise<void> {
  const { host, state, machinery, trust, target, connection } = view
  const { image: machine } = host
  const { os: runtime, models, record } = machinery
  if (machine === undefined || runtime === undefined) return untilAborted(signal)
  const look = () => {
    const { link, message } = connection.get()
    const problem = link === undefined ? (message ?? 'there is no connection yet') : undefined
    const hub = { hasHub: trust.get() !== undefined, problem }
    return { kept: record.kept(), models: models.observe(), ports: models.ports(), hub }
  }
  return osTrial({ host, machine, runtime, target, start: state.osTrial, look }, signal)
}

/**
 * A task that breaks is started again: a bug in one must not keep the others from repairing the
 * site, or from fetching the version in which it is mended.
 */
async function keepRunning(
  host: Host,
  name: string,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await run(signal)
    } catch (error) {
      if (signal.aborted) return
      host.log.error(`Task ${name} broke and is started again`, { error: toError(error).stack })
    }
    if (signal.aborted) return
    await Promise.race([
      host.clock.sleep(backoffMs(attempt, taskRestart, host.random), signal),
      untilAborted(signal),
    ]).catch(() => {})
  }
}
