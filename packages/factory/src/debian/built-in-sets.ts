import { type PackageSet, suitesOf } from './package-set.ts'

const trixie = suitesOf('trixie')
const named = (names: string) => names.split(' ')

/** Programs that make images. */
const tools: PackageSet = {
  name: 'tools',
  suites: trixie,
  packages: [
    ...named('?essential apt binutils cpio cryptsetup-bin dosfstools e2fsprogs efitools'),
    ...named('erofs-utils fakeroot fdisk gpgv kmod mawk mmdebstrap mount mtools openssl patchelf'),
    ...named('python3-virt-firmware sbsigntool systemd-boot-efi systemd-repart systemd-ukify'),
    ...named('xz-utils zstd'),
  ],
}

/** Virtual machines: QEMU with UEFI firmware. */
const lab: PackageSet = {
  name: 'lab',
  suites: trixie,
  packages: ['qemu-system-x86', 'qemu-utils', 'ovmf'],
}

/** What the initrd is cut from. */
const initrd: PackageSet = {
  name: 'initrd',
  suites: trixie,
  packages: ['busybox-static', 'cryptsetup-bin', 'dosfstools', 'e2fsprogs'],
}

const kernelCloud: PackageSet = {
  name: 'kernel-cloud',
  suites: trixie,
  packages: ['linux-image-cloud-amd64'],
  keep: ['linux-image-*'],
}

const kernelGeneric: PackageSet = {
  name: 'kernel-generic',
  suites: trixie,
  packages: ['linux-image-amd64'],
  keep: ['linux-image-*'],
}

/** systemd-boot that starts the next entry when one is refused: newer than trixie's. */
const loader: PackageSet = {
  name: 'loader',
  suites: ['sid'],
  packages: ['systemd-boot-efi'],
  keep: ['systemd-boot-efi*'],
}

/** Roots of our tests, configured by `buildDebianRoot`: one for each init. */
const everyRoot = ['?essential', 'ca-certificates', 'iproute2', 'kmod', 'login', 'passwd', 'udev']

/**
 * What udev and kmod want of systemd, alone: so that a root of another init has no systemd in it.
 */
const withoutSystemd = ['systemd-standalone-sysusers', 'systemd-standalone-tmpfiles']

export const rootSets: readonly PackageSet[] = [
  {
    name: 'debian-systemd',
    suites: trixie,
    packages: [...everyRoot, 'dbus', 'openssh-server', 'systemd', 'systemd-sysv'],
  },
  {
    name: 'debian-openrc',
    suites: trixie,
    packages: [...everyRoot, 'openrc', 'sysvinit-core', ...withoutSystemd],
  },
  {
    name: 'debian-sysvinit',
    suites: trixie,
    packages: [...everyRoot, 'initscripts', 'sysv-rc', 'sysvinit-core', ...withoutSystemd],
  },
]

export const treeSets: readonly PackageSet[] = [
  tools,
  lab,
  initrd,
  kernelCloud,
  kernelGeneric,
  loader,
]

/** All that the lock beside this program pins. */
export const builtInSets: readonly PackageSet[] = [...treeSets, ...rootSets]
