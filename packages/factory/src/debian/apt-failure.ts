import type { ToolError } from '../tools/tool-error.ts'
import type { Mirror } from './apt-sources.ts'
import { DebianError } from './debian-error.ts'

/** What apt says when it cannot resolve, with what a person does then. */
export function tellAptFailure(error: ToolError, mirror: Mirror): DebianError {
  if (error.message.includes('ENOENT'))
    return new DebianError(
      'NoApt',
      'Resolving packages needs apt, which this machine has not: make the lock on a Debian or Ubuntu ' +
        'machine and commit it; building from a lock needs no apt.',
    )
  if (/NO_PUBKEY|not signed|public key is not available/i.test(error.log))
    return new DebianError(
      'Unresolvable',
      `This machine does not trust the keys of ${mirror.main}: install debian-archive-keyring. ${error.message}`,
    )
  const unknown = [...error.log.matchAll(/Unable to locate package (\S+)/g)].map(([, name]) => name)
  if (unknown.length > 0)
    return new DebianError(
      'Unresolvable',
      `${mirror.main} has no package ${unknown.join(', ')}: correct the name in the schematic, or take a suite that has it.`,
    )
  if (/Failed to fetch|Could not (connect|resolve)/.test(error.log))
    return new DebianError(
      'Unreachable',
      `The mirror cannot be read: try again, or name another by --mirror or SKERRY_DEBIAN_MIRROR. ${error.message}`,
    )
  return new DebianError('Unresolvable', error.message)
}
