import type { Tree } from '../debian/tree.ts'
import { enterTree } from './enter-tree.ts'
import { type ProgramOutput, runProgram } from './run-program.ts'
import type { ToolCommand } from './tool-command.ts'
import { ToolError } from './tool-error.ts'

/** Where this machine's own unshare, mount and chroot are. */
const hostPath = '/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Runs a program of a tree, with the tree as its root: as root in a mount namespace, as anybody
 * else in a user namespace too, where files that belong to that user belong to root. Rejects with a
 * ToolError.
 */
export async function runInTools(
  tree: Pick<Tree, 'path'>,
  tool: ToolCommand,
  signal?: AbortSignal,
): Promise<ProgramOutput> {
  const name = tool.command[0] ?? ''
  const secrets = Object.values(tool.secrets ?? {})
  try {
    return await runProgram(
      {
        command: enterTree(tree.path, tool, process.getuid?.() === 0),
        name,
        environment: { PATH: hostPath, LC_ALL: 'C.UTF-8' },
        ...(tool.stdin === undefined ? {} : { stdin: tool.stdin }),
        ...(secrets.length === 0 ? {} : { descriptor3: Buffer.concat(secrets) }),
        ...(tool.stdoutBytesMax === undefined ? {} : { stdoutBytesMax: tool.stdoutBytesMax }),
        ...(tool.onLine === undefined ? {} : { onLine: tool.onLine }),
      },
      signal,
    )
  } catch (error) {
    throw error instanceof ToolError ? withCause(error) : error
  }
}

/**
 * A machine that forbids namespaces fails before the program runs: say that, not the program's
 * name.
 */
function withCause(error: ToolError): ToolError {
  if (!/^unshare: /m.test(error.log) && !error.message.includes('ENOENT')) return error
  const message =
    'The tools run in a mount namespace, which this machine does not let this user make: run as root, or allow ' +
    'user namespaces (sysctl kernel.unprivileged_userns_clone=1, ' +
    `kernel.apparmor_restrict_unprivileged_userns=0), and install util-linux. ${error.message}`
  return new ToolError(message, { program: 'unshare', exitCode: error.exitCode, log: error.log })
}
