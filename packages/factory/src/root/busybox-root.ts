import { putLink, putText } from './edit-text.ts'
import { RootTree } from './root-tree.ts'

const inittab = `# busybox init: no runlevels.
::sysinit:/etc/rc.boot
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/sync
`

/** Before anything else starts; what is mounted already is left alone. */
const bootScript = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
[ -s /etc/hostname ] && hostname -F /etc/hostname
# Drivers of what this machine has.
cat /sys/bus/*/devices/*/modalias | sort -u | xargs -r modprobe -q -a -b
ip link set lo up
`

const dhcpScript = `#!/bin/sh
# What busybox udhcpc calls with what it was given.
case $1 in
deconfig)
  ip -4 addr flush dev "$interface"
  ip link set "$interface" up
  ;;
bound | renew)
  ip -4 addr flush dev "$interface"
  ip addr add "$ip/\${mask:-24}" broadcast + dev "$interface"
  for gateway in $router; do ip route replace default via "$gateway" dev "$interface" && break; done
  {
    [ -n "$domain" ] && echo "search $domain"
    for server in $dns; do echo "nameserver $server"; done
  } >/etc/resolv.conf
  ;;
esac
`

const files: Readonly<Record<string, readonly [text: string, mode: number]>> = {
  'etc/inittab': [inittab, 0o644],
  'etc/rc.boot': [bootScript, 0o755],
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    0o644,
  ],
  // No password fits: whoever may log in comes by cloud-config.
  'etc/shadow': ['root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n', 0o600],
  'etc/group': ['root:x:0:\ntty:x:5:\nadmin:x:10:\nnogroup:x:65534:\n', 0o644],
  'etc/gshadow': ['root:*::\ntty:*::\nadmin:*::\nnogroup:*::\n', 0o600],
  'etc/shells': ['/bin/sh\n', 0o644],
  'etc/hosts': ['127.0.0.1 localhost\n::1 localhost\n', 0o644],
  'etc/hostname': ['skerry\n', 0o644],
  'etc/profile': ['export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n', 0o644],
  'usr/lib/os-release': [
    'ID=busybox\nNAME=BusyBox\nPRETTY_NAME="BusyBox, nothing else"\nVERSION_ID=1\n',
    0o644,
  ],
  'etc/udhcpc/default.script': [dhcpScript, 0o755],
}

/** The smallest root that starts: one static program under all its names. */
export function busyboxRoot(
  busybox: string,
  sizeBytes: number,
  applets: readonly string[],
): RootTree {
  const tree = new RootTree()
  for (const [path, target] of [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/sbin'],
    ['lib', 'usr/lib'],
    ['lib64', 'usr/lib'],
  ] as const) {
    tree.makeDirectory(target)
    putLink(tree, path, target)
  }
  putLink(tree, 'usr/sbin', 'bin')
  tree.put('usr/bin/busybox', {
    mode: 0o755,
    uid: 0,
    gid: 0,
    type: 'file',
    data: { file: busybox, offset: 0, sizeBytes },
  })
  for (const applet of applets) putLink(tree, `usr/bin/${applet}`, 'busybox')
  for (const [path, [text, mode]] of Object.entries(files)) putText(tree, path, text, mode)
  putLink(tree, 'etc/os-release', '../usr/lib/os-release')
  putLink(tree, 'usr/share/udhcpc', '/etc/udhcpc')
  return tree
}
