import { closeSync, openSync } from 'node:fs'
import type { Tree } from '../debian/tree.ts'
import { runProgram } from '../tools/run-program.ts'
import { ToolError } from '../tools/tool-error.ts'
import { treeProgram } from '../tools/tree-program.ts'
import { labLimits } from './limits.ts'
import type { Acceleration } from './qemu-arguments.ts'

export const accelerationVariable = 'SKERRY_LAB_ACCELERATION'

/**
 * KVM where it works, software emulation elsewhere. A /dev/kvm that can be opened is not enough: inside some
 * clouds it is there and a guest dies of it, so QEMU is asked to set up a processor with it.
 */
export async function chooseAcceleration(
  labTree: Pick<Tree, 'path'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Acceleration> {
  const wanted = environment[accelerationVariable]
  if (wanted === 'kvm' || wanted === 'tcg') return wanted
  if (wanted !== undefined && wanted !== '')
    throw new RangeError(`${accelerationVariable}=${wanted}: must be kvm or tcg, or leave it out`)
  return canOpen('/dev/kvm') && (await doesKvmWork(labTree)) ? 'kvm' : 'tcg'
}

async function doesKvmWork(labTree: Pick<Tree, 'path'>): Promise<boolean> {
  const command = [
    treeProgram(labTree, '/usr/bin/qemu-system-x86_64'),
    ['-L', `${labTree.path}/usr/share/qemu`, '-L', `${labTree.path}/usr/share/seabios`],
    ['-accel', 'kvm', '-cpu', 'max', '-machine', 'q35', '-m', '64', '-S'],
    ['-nodefaults', '-display', 'none', '-monitor', 'stdio'],
  ].flat()
  const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
  const signal = AbortSignal.timeout(labLimits.accelerationProbeMs)
  try {
    await runProgram({ command, environment, stdin: new TextEncoder().encode('quit\n') }, signal)
    return true
  } catch (error) {
    if (error instanceof ToolError || signal.aborted) return false
    throw error
  }
}

function canOpen(device: string): boolean {
  try {
    closeSync(openSync(device, 'r+'))
    return true
  } catch {
    return false
  }
}
