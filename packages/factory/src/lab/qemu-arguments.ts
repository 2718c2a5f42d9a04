import { labLimits } from './limits.ts'

export type Acceleration = 'kvm' | 'tcg'

/** A disk of the machine, as `/dev/vda`, `/dev/vdb`, … in the order given. */
export type MachineDisk = {
  readonly file: string
  /** `raw` unless said otherwise. */
  readonly format?: 'raw' | 'qcow2' | 'vpc'
  /** What is written is lost at the end, and the file stays as it is; default false. */
  readonly isTemporary?: boolean
  readonly isReadOnly?: boolean
  /** Every write and flush goes into this file too (dm-log-writes), which `readWriteLog` reads. */
  readonly writeLog?: string
  readonly faults?: readonly DiskFault[]
}

/** Sectors of 512 bytes that fail with an I/O error. */
export type DiskFault = {
  readonly on: 'read' | 'write' | 'flush'
  /** Default: everywhere. */
  readonly firstSector?: number
  readonly sectors?: number
  /** Only the first time; default false. */
  readonly isOnce?: boolean
}

export type PortForward = { readonly hostPort: number; readonly guestPort: number }

export type MachineHardware = {
  readonly memoryMiB?: number
  readonly cpus?: number
  readonly disks?: readonly MachineDisk[]
  /** Variables of the firmware: state of this machine, so a copy of its own. Without: no firmware. */
  readonly variables?: string
  /** The firmware verifies what it starts, if the variables have keys. */
  readonly secureBoot?: boolean
  /** A network card; the host is 10.0.2.2 for the guest. Default: none. */
  readonly network?: {
    readonly portForwards?: readonly PortForward[]
    /** Whoever connects to this address in the guest's network reaches the host's port. */
    readonly guestForwards?: readonly {
      readonly address: string
      readonly port: number
      readonly hostPort: number
    }[]
    readonly isRestricted?: boolean
  }
  /** An i6300esb that resets the machine. */
  readonly watchdog?: boolean
  readonly directBoot?: {
    readonly kernel: string
    readonly initrd?: string
    readonly commandLine: string
  }
  /** Files that the guest sees below /sys/firmware/qemu_fw_cfg/by_name. */
  readonly firmwareFiles?: readonly { readonly name: string; readonly file: string }[]
  /** The hardware clock at power-on, such as 1970-01-01T00:00:00. */
  readonly clockStart?: string
  /** A reboot ends QEMU; default false. */
  readonly endsOnReboot?: boolean
  readonly processorModel?: string
}

export type MachineFiles = {
  /** Root of the extracted tree that holds QEMU and the firmware. */
  readonly tree: string
  readonly controlSocket: string
}

/** Arguments of qemu-system-x86_64; why each is there stands in the reference on booting, section 7. */
export function qemuArguments(
  hardware: MachineHardware,
  files: MachineFiles,
  acceleration: Acceleration,
): string[] {
  const { memoryMiB = 1024, cpus = 1, disks = [] } = hardware
  return [
    ['-L', `${files.tree}/usr/share/qemu`, '-L', `${files.tree}/usr/share/seabios`],
    ['-accel', acceleration === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=512'],
    // Page tables of five levels are for terabytes, and each is walked by software here.
    ['-cpu', hardware.processorModel ?? 'max,la57=off', '-smp', `${cpus}`, '-m', `${memoryMiB}`],
    ['-machine', hardware.secureBoot ? 'q35,smm=on' : 'q35'],
    ['-nodefaults', '-no-user-config', '-display', 'none'],
    // Not `mux` and no signals: Ctrl-C in a guest's console is the guest's.
    ['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ['-chardev', `socket,id=control,path=${files.controlSocket},server=on,wait=off`],
    ['-mon', 'chardev=control,mode=control'],
    ['-device', 'virtio-rng-pci'],
    hardware.endsOnReboot ? ['-no-reboot'] : [],
    hardware.clockStart === undefined ? [] : ['-rtc', `base=${hardware.clockStart}`],
    firmwareArguments(hardware, files.tree),
    disks.flatMap((disk, index) => diskArguments(disk, index, hardware)),
    networkArguments(hardware.network),
    hardware.watchdog ? ['-device', 'i6300esb', '-action', 'watchdog=reset'] : [],
    directBootArguments(hardware.directBoot),
    (hardware.firmwareFiles ?? []).flatMap(({ name, file }) => [
      '-fw_cfg',
      `name=${name},file=${escaped(file)}`,
    ]),
  ].flat()
}

function firmwareArguments(hardware: MachineHardware, tree: string): string[] {
  const { variables, secureBoot } = hardware
  if (variables === undefined) return []
  const code = `${tree}/usr/share/OVMF/OVMF_CODE_4M${secureBoot ? '.secboot' : ''}.fd`
  return [
    secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : [],
    ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escaped(code)}`],
    ['-drive', `if=pflash,unit=1,format=raw,file=${escaped(variables)}`],
  ].flat()
}

/** From the file up: file, format, faults, log of writes, device. */
function diskArguments(disk: MachineDisk, index: number, hardware: MachineHardware): string[] {
  const layers: string[] = []
  let top = ''
  const layer = (kind: string, text: string) => {
    top = `${kind}${index}`
    layers.push('-blockdev', `node-name=${top},${text}`)
  }
  const access = disk.isReadOnly ? ',read-only=on' : ''
  layer('file', `driver=file,filename=${escaped(disk.file)}${access}`)
  layer('format', `driver=${disk.format ?? 'raw'},file=${top}${access}`)
  if (disk.faults !== undefined && disk.faults.length > 0)
    layer('faulty', `driver=blkdebug,image=${top}${faultOptions(disk.faults)}`)
  if (disk.writeLog !== undefined) {
    const below = top
    layer('logfile', `driver=file,filename=${escaped(disk.writeLog)}`)
    layer('log', `driver=raw,file=${top}`)
    layer(
      'logged',
      `driver=blklogwrites,file=${below},log=${top},log-sector-size=512,log-super-update-interval=1`,
    )
  }
  // Direct boot takes index 0 itself. Merged requests would hide states from the log.
  const bootIndex = hardware.directBoot === undefined && index === 0 ? ',bootindex=0' : ''
  const merging = disk.writeLog === undefined ? '' : ',request-merging=off'
  return [...layers, '-device', `virtio-blk-pci,id=disk${index},drive=${top}${bootIndex}${merging}`]
}

function faultOptions(faults: readonly DiskFault[]): string {
  const rules = faults.flatMap((fault) => {
    // Refused by QEMU otherwise: a rule names one sector or none.
    const sectors =
      fault.firstSector === undefined
        ? [undefined]
        : Array.from({ length: fault.sectors ?? 1 }, (_, index) => fault.firstSector! + index)
    return sectors.map((sector) => ({ fault, sector }))
  })
  if (rules.length > labLimits.diskFaultSectorsMax)
    throw new RangeError(
      `faults of a disk: ${rules.length} sectors; at most ${labLimits.diskFaultSectorsMax} can fail, leave out firstSector to fail all`,
    )
  return rules
    .map(({ fault, sector }, index) => {
      const rule = `,inject-error.${index}`
      return [
        `${rule}.event=none`,
        `${rule}.iotype=${fault.on}`,
        `${rule}.errno=5`,
        `${rule}.once=${fault.isOnce ? 'on' : 'off'}`,
        ...(sector === undefined ? [] : [`${rule}.sector=${sector}`]),
      ].join('')
    })
    .join('')
}

function networkArguments(network: MachineHardware['network']): string[] {
  if (network === undefined) return []
  const forwards = [
    ...(network.portForwards ?? []).map(
      ({ hostPort, guestPort }) => `,hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`,
    ),
    ...(network.guestForwards ?? []).map(
      ({ address, port, hostPort }) => `,guestfwd=tcp:${address}:${port}-tcp:127.0.0.1:${hostPort}`,
    ),
  ].join('')
  const restricted = network.isRestricted ? ',restrict=on' : ''
  // Without `romfile=` the firmware waits for PXE for minutes when nothing else starts.
  return [
    ['-netdev', `user,id=net0${restricted}${forwards}`],
    ['-device', 'virtio-net-pci,id=card0,netdev=net0,romfile='],
  ].flat()
}

function directBootArguments(boot: MachineHardware['directBoot']): string[] {
  if (boot === undefined) return []
  return [
    ['-kernel', boot.kernel],
    boot.initrd === undefined ? [] : ['-initrd', boot.initrd],
    ['-append', boot.commandLine],
  ].flat()
}

/** A comma in a value of QEMU's option lists is doubled. */
function escaped(text: string): string {
  return text.replaceAll(',', ',,')
}
