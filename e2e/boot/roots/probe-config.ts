/** The hash (SHA-512, 5,000 rounds) stands on the drive: to make it there would be most of what cloud-config costs. */
export const probeUser = {
  name: 'admin',
  password: 'fair winds',
  passwordHash:
    '$6$ofthefourroots$M1BZJmTUNjN/u0bydjmhw44rOjVPzm0lYBdPbboHhhnuLAY5T52XXUlDXftOecfUmvr6PB4RMVaZ3urypmxHa0',
} as const

/**
 * Words of a config drive that make a machine tell of itself on its console, by lines that begin with `@@`. On the
 * drive and not in the image: an image that ships has no such thing.
 */
export function probeConfig(joining: {
  readonly hub: string
  readonly token: string
  readonly site: string
}): string {
  const { hub, token, site } = joining
  return `hostname: ${site}
users:
  - name: ${probeUser.name}
    passwd: ${probeUser.passwordHash}
    groups: [users]
    shell: /bin/sh
skerry:
  hub: ${hub}
  token: ${token}
  site: ${site}
stages:
  network:
    - name: tell
      commands:
${commands.map((command) => `        - ${JSON.stringify(told(command))}\n`).join('')}`
}

type Telling = readonly [name: string, command: string]

/** Nothing here is more than what busybox has. */
const commands: readonly Telling[] = [
  // Under emulation on a busy machine the network of a systemd comes later than the stage waits for it.
  ['waited', 'for i in $(seq 90); do ip route | grep -q default && break; sleep 1; done; echo $i'],
  ['version', 'cat /etc/motd'],
  ['hostname', 'cat /proc/sys/kernel/hostname /etc/hostname'],
  ['machine-id', 'cat /etc/machine-id'],
  [
    'root',
    "awk '$2 ~ /^.(etc|var|home|root|tmp|data)?$/ { print $2, $3, substr($4, 1, 2) }' /proc/mounts",
  ],
  ['etc', 'ls /etc/left-behind 2>&1; touch /etc/left-behind'],
  ['var', 'cat /var/kept; echo x >>/var/kept'],
  [
    'home',
    'ls -ld /home/admin; grep ^admin: /etc/passwd; cat /home/admin/kept; echo x >>/home/admin/kept',
  ],
  ['usr', 'touch /usr/x 2>&1 | sed "s/.*: //"'],
  // Made on the first start, beside all else that starts.
  [
    'keys',
    'key=/etc/ssh/ssh_host_ed25519_key.pub; for i in $(seq 90); do command -v ssh-keygen >/dev/null && [ ! -s $key ] || break; sleep 1; done; cat $key',
  ],
  ['address', "ip -4 -o addr show | awk '{ print $2, $4 }'; ip route | head -n 2"],
  ['resolver', 'cat /etc/resolv.conf | grep -v "^#"'],
  ['names', 'cat /etc/hosts'],
  ['clock', 'date -u +%Y-%m-%dT%H:%M'],
  ['initrd', 'cat /run/skerry/slot /run/skerry/data'],
  ['listening', "awk '$4 ~ /^0A/ { print $2 }' /proc/net/tcp /proc/net/tcp6 | sort -u"],
  [
    'failed',
    'if command -v systemctl >/dev/null; then systemctl --failed --plain --no-legend | cut -d" " -f1; fi',
  ],
  ['memory', "awk '/MemTotal|MemAvailable|^Cached|Slab/ { print $1 $2 }' /proc/meminfo"],
  ['end', 'true'],
]

/** Words of several lines are one line on the console. */
const told = ([name, command]: Telling): string =>
  `{ echo "@@ ${name}: $( { ${command}; } 2>&1 | tr '\\n' ';' )"; } >/dev/console`
