import { toError } from '@skerry/base/assert'
import { nodePaths } from '@skerry/api/os/os-layout'
import { configBytesMax, configFilesMax } from '../cloud-config/limits.ts'
import { blockDevicesMax, toolMs } from './limits.ts'
import { type StageHost, busyboxPath, rootOwned } from './stage-host.ts'
import {
  type Volume,
  driveLabels,
  isDriveLabel,
  volumeHeadBytes,
  volumeOf,
} from './volume-label.ts'

/** What a drive held, in memory: later stages read it after the drive was pulled. */
export const driveCopyPath = `${nodePaths.run}/config-drive`
const mountPoint = `${nodePaths.run}/drive`

/** Copies the configuration of every config drive into memory and says what it finds. Whether there was one. */
export async function readConfigDrives(host: StageHost): Promise<boolean> {
  // Nobody has loaded drivers yet; those that are built in, or not there, are no matter.
  await load(host, driveModules)
  const drives = findDrives(host)
  for (const { device, volume } of drives) {
    host.say(`skerry: config drive ${volume.label} on ${device}`)
    await load(host, volumeModules[volume.format])
    host.makeDirectory(mountPoint, rootOwned(0o700))
    const mounted = await host.run({
      command: [
        busyboxPath,
        'mount',
        '-t',
        volume.format,
        '-o',
        'ro,nosuid,nodev,noexec',
        device,
        mountPoint,
      ],
      deadlineMs: toolMs,
    })
    if (!mounted.ok) {
      host.say(
        `skerry: config drive ${device} cannot be mounted as ${volume.format}: ${mounted.output.trim() || mounted.message}; make it anew`,
      )
      continue
    }
    copyDrive(host, device.split('/').at(-1)!)
    await host.run({ command: [busyboxPath, 'umount', mountPoint], deadlineMs: toolMs })
  }
  return drives.length > 0
}

/** A stick that came too late for init is read when the agent starts. Whether there is one now. */
export async function readLateDrives(host: StageHost): Promise<boolean> {
  if (host.look(driveCopyPath) !== undefined) return false
  return await readConfigDrives(host)
}

/** What brings disks in trays and on USB. */
const driveModules = ['sr_mod', 'usb_storage', 'uas']
/** The kernel would ask the root's modprobe for the alphabets, and a small root has none. */
const volumeModules: Readonly<Record<Volume['format'], readonly string[]>> = {
  vfat: ['vfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859-1', 'nls_utf8'],
  iso9660: ['isofs', 'nls_utf8'],
}

/** All by one process, as starting one takes longer than what it does. One that fails leaves the others to be loaded. */
async function load(host: StageHost, modules: readonly string[]): Promise<void> {
  await host.run({ command: [busyboxPath, 'modprobe', '-a', ...modules], deadlineMs: toolMs })
}

type Drive = { readonly device: string; readonly volume: Volume }

function findDrives(host: StageHost): readonly Drive[] {
  return host
    .list('/sys/class/block')
    .filter((name) => !/^(loop|ram|zram|dm-)/.test(name))
    .slice(0, blockDevicesMax)
    .flatMap((name): Drive[] => {
      const device = `/dev/${name}`
      try {
        const volume = volumeOf(host.readAt(device, 0, volumeHeadBytes) ?? new Uint8Array())
        return volume !== undefined && isDriveLabel(volume.label) ? [{ device, volume }] : []
      } catch (thrown) {
        // An empty drive, or one that fails: others may still hold a configuration.
        host.say(`skerry: ${device} cannot be read: ${toError(thrown).message}`)
        return []
      }
    })
}

/** Where the three sorts of drive keep what users give. */
const places = ['user-data', 'openstack/latest/user_data', 'openstack/latest/user-data']
const ignoredFiles = ['network-config', 'openstack/latest/network_data.json']

function copyDrive(host: StageHost, name: string): void {
  const target = `${driveCopyPath}/${name}`
  host.makeDirectory(driveCopyPath, rootOwned(0o700))
  host.makeDirectory(target, rootOwned(0o700))
  const files = [
    ...host
      .list(mountPoint)
      .filter((file) => /\.ya?ml$/i.test(file) && !file.startsWith('.'))
      .slice(0, configFilesMax)
      .map((file) => [file, file] as const),
    // Last, as Kairos keeps what a datasource gives as 95_userdata.
    ...places.map((file) => [file, `95_${file.replaceAll('/', '_')}.yaml`] as const),
  ]
  let copied = 0
  for (const [file, as] of files) {
    const facts = host.look(`${mountPoint}/${file}`)
    if (facts?.kind !== 'file') continue
    // One byte more than is read: what is too large is refused with its place when it is parsed.
    const bytes = host.readAt(`${mountPoint}/${file}`, 0, configBytesMax + 1)
    if (bytes === undefined) continue
    host.write(`${target}/${as}`, bytes, rootOwned(0o600))
    copied += 1
  }
  for (const file of ignoredFiles)
    if (host.look(`${mountPoint}/${file}`) !== undefined)
      host.say(
        `skerry: ${file} of the config drive is known and not built yet: use skerry.network in its user-data`,
      )
  if (copied === 0)
    host.say(
      `skerry: the config drive holds no user-data and no .yaml file (labels that are looked for: ${driveLabels.join(', ')})`,
    )
}
