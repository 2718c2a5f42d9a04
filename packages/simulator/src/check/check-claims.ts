import type { Site } from '@skerry/api/kinds/site'
import type { SiteMachine } from '../machine/site-machine.ts'

/** What the status of a site claims to run that does not run on its machine. An offline site claims nothing. */
export function falseClaims({ status }: Site, machine: SiteMachine): string[] {
  if (status?.connectivity !== 'Online') return []
  const running = [...machine.processes.running.values()].map(({ options }) => options.command)
  return (status.layers ?? [])
    .filter(({ state }) => state === 'Running')
    .filter(({ type, digest }) =>
      type === 'model'
        ? !running.some((command) => digest !== undefined && command.includes(digest))
        : type === 'workload' && !running.some((command) => command[0] === 'feed'),
    )
    .map(({ name, version, digest }) => `${name} ${version ?? digest ?? ''} is Running`)
}
