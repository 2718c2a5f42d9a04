import { goArchitecture, osRelease } from './machine-values.ts'
import { rendered, type StepRun } from './step-run.ts'
import { type StageHost, readText } from './stage-host.ts'

/** Why a step is not carried out here, or undefined if it is. */
export async function skippedBecause(run: StepRun): Promise<string | undefined> {
  const { host, step } = run
  const name = (readText(host, '/proc/sys/kernel/hostname') ?? '').trim()
  const release = osRelease(host)
  const system = [release.get('PRETTY_NAME') ?? '', release.get('ID') ?? '']
  const version = release.get('VERSION_ID') ?? ''
  const matches = (pattern: string | undefined, texts: readonly string[]) =>
    pattern === undefined || texts.some((text) => new RegExp(pattern).test(text))
  if (!matches(step.node, [name])) return `the host name ${name} does not match ${step.node}`
  if (!matches(step.only_os, system))
    return `the system ${system.join(', ')} does not match ${step.only_os}`
  if (!matches(step.only_os_version, [version]))
    return `version ${version} does not match ${step.only_os_version}`
  const architecture = goArchitecture(host.architecture)
  if (!matches(step.only_arch, [architecture]))
    return `${architecture} does not match ${step.only_arch}`
  return serviceManagerMismatch(run) ?? filesMismatch(run) ?? (await commandFailed(run))
}

function serviceManagerMismatch({ host, step }: StepRun): string | undefined {
  const wanted = step.only_service_manager?.toLowerCase()
  if (wanted === undefined) return undefined
  const managers = serviceManagers(host)
  if (managers.length > 1) return 'both systemd and OpenRC are there'
  return managers.includes(wanted) ? undefined : `init is not ${wanted}`
}

export function serviceManagers(host: StageHost): readonly string[] {
  const has = (program: string) =>
    ['/sbin', '/usr/bin', '/usr/sbin', '/bin'].some(
      (folder) => host.look(`${folder}/${program}`) !== undefined,
    )
  return [...(has('systemctl') ? ['systemd'] : []), ...(has('openrc') ? ['openrc'] : [])]
}

function filesMismatch({ host, step }: StepRun): string | undefined {
  const { any, all, none } = step.if_files ?? {}
  const isThere = (path: string) => host.look(path) !== undefined
  if (any !== undefined && !any.some(isThere)) return `there is none of ${any.join(', ')}`
  const missing = all?.find((path) => !isThere(path))
  if (missing !== undefined) return `there is no ${missing}`
  const present = none?.find(isThere)
  return present === undefined ? undefined : `there is ${present}`
}

async function commandFailed(run: StepRun): Promise<string | undefined> {
  const { host, step } = run
  if (step.if === undefined) return undefined
  const deadlineMs = run.commandMs()
  if (deadlineMs <= 0) {
    run.problem(step.at, 'this step was not run: those before it took all the time of the stage')
    return 'there was no time left'
  }
  const result = await host.run({
    command: ['/bin/sh', '-c', rendered(run, step.at, step.if)],
    deadlineMs,
  })
  if (result.ok) return undefined
  // Not zero is an answer; whatever else happened is worth a word.
  if (result.code === undefined) run.problem(step.at, `the condition ${result.message}`)
  return `its condition ${result.message}`
}
