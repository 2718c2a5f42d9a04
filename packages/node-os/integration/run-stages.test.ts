import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { startTicksOf } from '@skerry/base/process-start'
import type { StageName } from '../src/cloud-config/stage-names.ts'
import type { ConfigReport } from '../src/stages/config-report.ts'
import { readNodeConfig } from '../src/stages/node-config.ts'
import { runStages } from '../src/stages/run-stages.ts'
import {
  type TemporaryRoot,
  createTemporaryRoot,
  needsRoot,
} from '../src/testing/temporary-root.ts'

async function run(
  root: TemporaryRoot,
  text: string,
  names: readonly StageName[] = ['rootfs', 'initramfs'],
): Promise<ConfigReport> {
  root.put('/data/oem/50_test.yaml', text)
  return await runStages(root.host, names, { isAgain: true })
}
function readProcess(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
}
const problems = ({ stages }: ConfigReport) =>
  stages.flatMap((stage) => stage.problems.map(({ place, message }) => `${place} ${message}`))

describe('documents as Kairos shows them', { skip: needsRoot }, () => {
  it('a host name from the machine id, a user and a command before init', async () => {
    using root = createTemporaryRoot()
    const report = await run(
      root,
      `#cloud-config
hostname: metal-{{ trunc 4 .MachineID }}
users:
- name: kairos
  passwd: kairos
  ssh_authorized_keys:
stages:
  initramfs:
    - name: "Set it up"
      commands:
      - echo "foo" > $ROOT/etc/foo
`,
    )
    assert.deepEqual(problems(report), [])
    assert.equal(root.get('/etc/hostname'), 'metal-abcd\n')
    assert.equal(root.get('/etc/hosts'), '127.0.0.1 localhost metal-abcd\n::1 localhost\n')
    assert.equal(root.get('/proc/sys/kernel/hostname'), 'metal-abcd')
    assert.match(root.get('/etc/passwd'), /^kairos:x:1000:1000::\/home\/kairos:\/bin\/sh$/m)
    assert.match(root.get('/etc/group'), /^kairos:x:1000:kairos$/m)
    assert.match(root.get('/etc/gshadow'), /^kairos:!::kairos$/m)
    assert.match(
      root.get('/etc/shadow'),
      /^kairos:\$6\$[0-9a-f]{16}\$[./\w]{86}:\d{5}:0:99999:7:::$/m,
    )
    assert.equal(root.owner('/home/kairos'), '0755 1000:1000')
    assert.equal(root.get('/etc/foo'), 'foo\n')
  })

  it('a user in a stage, with groups, home, shell and keys', async () => {
    using root = createTemporaryRoot()
    const report = await run(
      root,
      `stages:
   initramfs:
     - name: "Set user and password"
       users:
        testuser:
          groups:
          - "admin"
          passwd: "$6$abcdefgh$PajO0NcUUyDLVnsQuRYrsKO/BKf43NXiYtTChwVyhlUABtfwZsNRZDOEjUjW6gBboiVkvkDmIuG7Vm6e5FpLA1"
          shell: /bin/bash
          homedir: "/home/testuser"
          ssh_authorized_keys:
          - ssh-ed25519 AAAA me
     - name: keys
       authorized_keys:
         testuser:
         - ssh-ed25519 AAAA me
         - ssh-rsa BBBB you
         - github:mudler
`,
    )
    assert.match(root.get('/etc/passwd'), /^testuser:x:1000:1000::\/home\/testuser:\/bin\/bash$/m)
    assert.match(root.get('/etc/group'), /^admin:x:900:testuser$/m)
    assert.match(root.get('/etc/shadow'), /^testuser:\$6\$abcdefgh\$PajO0[^:]*:/m)
    assert.equal(
      root.get('/home/testuser/.ssh/authorized_keys'),
      'ssh-ed25519 AAAA me\nssh-rsa BBBB you\n',
    )
    assert.equal(root.owner('/home/testuser/.ssh'), '0700 1000:1000')
    assert.equal(root.owner('/home/testuser/.ssh/authorized_keys'), '0600 1000:1000')
    assert.match(
      problems(report).join(),
      /:13:8 keys of testuser: github:mudler is known and not built yet/,
    )
  })

  it('of a user that is there only the password and the keys count', async () => {
    using root = createTemporaryRoot()
    await run(
      root,
      '#cloud-config\nusers: [{name: root, passwd: "*", uid: 5, shell: /bin/x}]\nssh_authorized_keys: [key one]\n',
    )
    assert.match(root.get('/etc/passwd'), /^root:x:0:0:root:\/root:\/bin\/sh$/m)
    assert.match(root.get('/etc/shadow'), /^root:\*:\d{5}:0:99999:7:::$/m)
    assert.equal(root.get('/root/.ssh/authorized_keys'), 'key one\n')
  })

  it('files with their encodings, rights and owners', async () => {
    using root = createTemporaryRoot()
    const packed = gzipSync('packed\n').toString('base64')
    const report = await run(
      root,
      `#cloud-config
stages:
  boot:
    - name: "Setup folders"
      directories:
        - path: "/etc/foo"
          permissions: 0600
          owner: 0
          group: 0
    - files:
      - path: /tmp/bar
        encoding: "b64"
        content: IyEvYmluL3NoCgplY2hvICJ0ZXN0Igo=
        permissions: 0777
        owner: 1000
        group: 100
      - path: /tmp/packed
        encoding: gz+b64
        content: ${packed}
        owner_string: daemon:users
      - path: /deep/er/file
        content: "on {{ .Values.os.vendor }}"
      - path: /tmp/nobodys
        owner_string: nobody-here
      - path: /tmp/broken
        encoding: gz+b64
        content: aGVsbG8=
`,
      ['boot'],
    )
    assert.equal(root.owner('/etc/foo'), '0600 0:0')
    assert.equal(root.get('/tmp/bar'), '#!/bin/sh\n\necho "test"\n')
    assert.equal(root.owner('/tmp/bar'), '0777 1000:100')
    assert.equal(root.get('/tmp/packed'), 'packed\n')
    assert.equal(root.owner('/tmp/packed'), '0644 1:100')
    assert.equal(root.get('/deep/er/file'), 'on debian')
    assert.equal(root.mode('/deep/er'), '0755')
    assert.deepEqual(
      problems(report).map((text) => text.replace(/^.*:(\d+):\d+ /, '$1 ')),
      [
        '23 /tmp/nobodys is not written: there is no user nobody-here',
        '25 /tmp/broken: its content is not gzip, or is more than 67108864 bytes unpacked',
      ],
    )
  })

  it('write_files and runcmd of cloud-init run in stage boot', async () => {
    using root = createTemporaryRoot('late')
    const text = `#cloud-config
runcmd:
- echo one >> $ROOT/ran
- [sh, -c, 'echo "$0 two" >> $ROOT/ran', "it's"]
write_files:
- encoding: b64
  content: CiMgVGhpcyBmaWxlIGNvbnRyb2xzIHRoZSBzdGF0ZSBvZiBTRUxpbnV4
  path: /foo/bar
  permissions: "0640"
  owner: "daemon"
`
    await run(root, text, ['initramfs'])
    assert.throws(() => root.get('/ran'))
    await run(root, text, ['boot'])
    assert.equal(root.get('/foo/bar'), '\n# This file controls the state of SELinux')
    assert.equal(root.owner('/foo/bar'), '0640 1:1')
    assert.equal(root.get('/ran'), "one\nit's two\n")
  })

  it('name servers, also in the place of a link', async () => {
    using root = createTemporaryRoot()
    root.host.link('../run/systemd/resolve/stub-resolv.conf', '/etc/resolv.conf')
    await run(
      root,
      `#cloud-config
stages:
  initramfs:
    - name: "DNS settings"
      dns:
        nameservers: [8.8.8.8, 1.1.1.1]
        search: [foo.bar]
        options: [rotate]
`,
    )
    assert.equal(
      root.get('/etc/resolv.conf'),
      'search foo.bar\nnameserver 8.8.8.8\nnameserver 1.1.1.1\noptions rotate\n',
    )
  })

  it('variables, by their names, beside those that are there', async () => {
    using root = createTemporaryRoot()
    root.put('/etc/environment', 'OLD=1\nFOO="x"\n')
    await run(
      root,
      `stages:
  initramfs:
    - environment: {FOO: "bar", N: 5, Q: 'say "hi"'}
    - environment_file: /etc/rancher/k3s/k3s.env
      environment:
        command_args: server --verbose
`,
    )
    assert.equal(root.get('/etc/environment'), 'FOO="bar"\nN=5\nOLD=1\nQ="say \\"hi\\""\n')
    assert.equal(root.get('/etc/rancher/k3s/k3s.env'), 'command_args="server --verbose"\n')
  })

  it('entities are put in and taken out', async () => {
    using root = createTemporaryRoot()
    const entity = `entity: |
                 kind: "user"
                 username: "foo"
                 password: "x"
                 uid: 0
                 gid: 0
                 info: "Foo!"
                 homedir: "/home/foo"
                 shell: "/bin/bash"`
    const step = (verb: string) => `stages:
  initramfs:
    - name: "Setup users"
      ${verb}:
        -  path: /etc/passwd
           ${entity}
`
    await run(root, step('ensure_entities'))
    assert.match(root.get('/etc/passwd'), /^foo:x:0:0:Foo!:\/home\/foo:\/bin\/bash$/m)
    await run(root, step('delete_entities'))
    assert.doesNotMatch(root.get('/etc/passwd'), /foo/)
    const report = await run(
      root,
      'stages: {initramfs: [{ensure_entities: [{entity: "kind: planet"}]}]}\n',
    )
    assert.match(problems(report).join(), /kind must be user, shadow, group, gshadow/)
  })

  it('settings of the kernel, kept so that init does not undo them', async () => {
    using root = createTemporaryRoot()
    const report = await run(
      root,
      'stages:\n  initramfs:\n    - sysctl:\n        kernel.printk: 3\n        no.such.thing: 1\n        "../x": 1\n',
    )
    assert.equal(root.get('/proc/sys/kernel/printk'), '3')
    assert.match(root.get('/etc/sysctl.d/99-skerry-config.conf'), /^kernel.printk = 3$/m)
    assert.match(problems(report).join('\n'), /no\.such\.thing.*\n.*"\.\.\/x" is no name/)
  })

  it('what systemd-firstboot and timesyncd are told, as their files', async () => {
    using root = createTemporaryRoot()
    root.put('/usr/share/zoneinfo/Europe/Rome', 'TZif')
    const report = await run(
      root,
      `#cloud-config
timezone: Europe/Rome
stages:
  initramfs:
    - systemd_firstboot: {keymap: us, locale: en_US.UTF-8, hostname: myhostname}
    - timesyncd: {NTP: "0.pool.org foo.pool.org", FallbackNTP: ""}
    - timezone: Mars/Olympus
`,
    )
    assert.equal(root.get('/etc/vconsole.conf'), 'KEYMAP=us\n')
    assert.equal(root.get('/etc/locale.conf'), 'LANG=en_US.UTF-8\n')
    assert.equal(root.get('/etc/hostname'), 'myhostname\n')
    assert.equal(root.get('/etc/localtime'), 'TZif')
    assert.equal(
      root.get('/etc/systemd/timesyncd.conf.d/10-yip.conf'),
      '[Time]\nNTP=0.pool.org foo.pool.org\nFallbackNTP=\n',
    )
    assert.match(problems(report).join(), /time zone "Mars\/Olympus" is not in this root/)
  })

  it('an override of a unit, and units to be started by an init that is not there yet', async () => {
    using root = createTemporaryRoot('early', (host) => ({
      ...host,
      run: async ({ command }) => {
        asked.push(command.join(' '))
        return { ok: true, output: '' }
      },
    }))
    const asked: string[] = []
    root.put('/usr/bin/systemctl', '')
    root.put('/usr/lib/systemd/system/cronie.service', '[Service]\n')
    const report = await run(
      root,
      `stages:
  initramfs:
    - systemctl:
        enable: [systemd-timesyncd]
        mask: [purge-kernels]
        start: [cronie, missing]
        overrides:
          - service: k3s.service
            content: |
              [Service]
              ExecStartPre=-/sbin/modprobe nfs
`,
    )
    assert.deepEqual(asked, [
      '/usr/bin/systemctl enable systemd-timesyncd',
      '/usr/bin/systemctl mask purge-kernels',
    ])
    assert.match(
      root.get('/etc/systemd/system/k3s.service.d/override-yip.conf'),
      /^\[Service\]\nExecStartPre/,
    )
    assert.equal(
      root.host.look('/etc/systemd/system/multi-user.target.wants/cronie.service')?.linkTo,
      '/usr/lib/systemd/system/cronie.service',
    )
    assert.match(problems(report).join(), /systemctl start missing: there is no such unit/)
  })

  it('systemctl on a root without systemd is said', async () => {
    using root = createTemporaryRoot()
    const report = await run(root, 'stages: {boot: [{systemctl: {enable: [x]}}]}\n', ['boot'])
    assert.match(problems(report).join(), /this root has no systemd/)
  })
})

describe('conditions', { skip: needsRoot }, () => {
  const cases: [string, boolean][] = [
    ['if: "[ ! -e $ROOT/nothing ]"', true],
    ['if: "false"', false],
    ['if: "exit 3"', false],
    ['only_os: "Debian.*"', true],
    ['only_os: "ubuntu|debian"', true],
    ['only_os: "ubuntu"', false],
    ['only_os: "^(?!ubuntu).*"', true],
    ['{only_os: debian, only_os_version: "^13$"}', true],
    ['{only_os: debian, only_os_version: "^12$"}', false],
    ['only_arch: "amd64|arm64"', true],
    ['only_arch: riscv64', false],
    ['only_service_manager: systemd', false],
    ['node: "bastion"', false],
    ['node: "none"', true],
    ['if_files: {any: [/etc/passwd, /nope], all: [/etc/group], none: [/nope]}', true],
    ['if_files: {any: [/nope]}', false],
    ['if_files: {all: [/etc/passwd, /nope]}', false],
    ['if_files: {none: [/etc/passwd]}', false],
  ]
  for (const [condition, runs] of cases)
    it(`${condition} ${runs ? 'runs' : 'is skipped'}`, async () => {
      using root = createTemporaryRoot()
      const inner = condition.replace(/^\{(.*)\}$/, '$1')
      const report = await run(
        root,
        `stages:\n  initramfs:\n    - {${inner}, commands: ["touch $ROOT/ran"]}\n`,
      )
      assert.equal(root.host.look('/ran') !== undefined, runs)
      assert.equal(report.stages[0]?.steps[0]?.state, runs ? 'Done' : 'Skipped')
      assert.deepEqual(problems(report), [])
    })
})

describe('running stages', { skip: needsRoot }, () => {
  it('goes through folders, files, stages and their parts in order', async () => {
    using root = createTemporaryRoot()
    const says = (name: string) => `stages:
  initramfs.after: [{commands: ["echo after ${name} >> $ROOT/order"]}]
  initramfs: [{commands: ["echo main ${name} >> $ROOT/order"]}]
  rootfs.before: [{commands: ["echo rootfs ${name} >> $ROOT/order"]}]
  boot: [{commands: ["echo boot ${name} >> $ROOT/order"]}]
`
    root.put('/usr/lib/skerry/oem/01.yaml', says('image'))
    root.put('/system/oem/99.yaml', says('system'))
    root.put('/data/oem/b.yml', says('b'))
    root.put('/data/oem/a/z.yaml', says('a/z'))
    root.put('/data/oem/ignored.txt', says('txt'))
    root.put('/run/skerry/config-drive/sdb/95_user-data.yaml', says('drive'))
    await runStages(root.host, ['rootfs', 'initramfs'])
    const names = ['system', 'image', 'a/z', 'b', 'drive']
    assert.deepEqual(
      root.get('/order').trim().split('\n'),
      ['rootfs', 'main', 'after'].flatMap((part) => names.map((name) => `${part} ${name}`)),
    )
  })

  it('after puts steps in order, and a circle keeps them where they are', async () => {
    using root = createTemporaryRoot()
    const report = await run(
      root,
      `name: mine
stages:
  initramfs:
    - {name: one, after: [{name: mine.three}], commands: ["echo one >> $ROOT/order"]}
    - {name: two, after: [{name: nobody}], commands: ["echo two >> $ROOT/order"]}
    - {name: three, commands: ["echo three >> $ROOT/order"]}
    - {name: four, after: [{name: five}], commands: ["echo four >> $ROOT/order"]}
    - {name: five, after: [{name: four}], commands: ["echo five >> $ROOT/order"]}
`,
    )
    assert.equal(root.get('/order'), 'two\nthree\none\nfour\nfive\n')
    assert.match(report.findings.map(({ message }) => message).join(), /no such step.*in a circle/)
  })

  it('one bad file, command or step never stops the others, and each is said with its line', async () => {
    using root = createTemporaryRoot()
    root.put('/system/oem/00.yaml', '#cloud-config\nstages: {initramfs: [\n')
    const report = await run(
      root,
      `stages:
  initramfs:
    - commands:
      - echo lost; echo why >&2; exit 3
      - touch $ROOT/second
    - files: [{path: /etc/passwd/x}]
      commands: ["touch $ROOT/third"]
`,
    )
    assert.notEqual(root.host.look('/second'), undefined)
    assert.notEqual(root.host.look('/third'), undefined)
    assert.deepEqual(problems(report), [
      '/data/oem/50_test.yaml:4:9 this command ended with status 3: why',
      '/data/oem/50_test.yaml:6:15 /etc/passwd/x: a file stands where a folder is needed',
    ])
    assert.match(root.said.join('\n'), /skerry: \/system\/oem\/00\.yaml:\d+:\d+: error/)
    assert.match(
      root.said.join('\n'),
      /skerry: initramfs: \/data\/oem\/50_test\.yaml:4:9: this command/,
    )
    assert.deepEqual(JSON.parse(root.get('/run/skerry/config.json')), report)
    assert.equal(root.mode('/run/skerry/config.json'), '0600')
  })

  it('a command that never ends is ended with its children, and said', async () => {
    using root = createTemporaryRoot('early', (host) => ({
      ...host,
      run: (request) => host.run({ ...request, deadlineMs: Math.min(request.deadlineMs, 300) }),
    }))
    const report = await run(
      root,
      'stages:\n  initramfs:\n    - commands:\n      - (sleep 5; touch $ROOT/late) & echo $! > $ROOT/pid; sleep 60\n      - touch $ROOT/next\n',
    )
    assert.match(
      problems(report).join(),
      /:4:9 this command did not end within 0\.3 s and was ended/,
    )
    assert.notEqual(root.host.look('/next'), undefined)
    // Dead, or waiting for whoever adopts it to notice.
    const left = readProcess(root.get('/pid').trim())
    assert.equal(left === undefined ? undefined : startTicksOf(left), undefined)
  })

  it('a command that leaves something running in the background is not waited for', async () => {
    using root = createTemporaryRoot()
    const start = performance.now()
    const report = await run(root, 'stages:\n  initramfs:\n    - commands: ["sleep 3 &"]\n')
    assert.deepEqual(problems(report), [])
    assert.ok(performance.now() - start < 2000)
  })

  it('all commands together have a deadline', async () => {
    let nowMs = 0
    using root = createTemporaryRoot('early', (host) => ({
      ...host,
      clock: { ...host.clock, monotonicMs: () => nowMs },
      run: async () => {
        nowMs += 50_000
        return { ok: true, output: '' }
      },
    }))
    const report = await run(root, 'stages: {initramfs: [{commands: [a, b, c, d]}]}\n')
    assert.equal(problems(report).length, 2)
    assert.match(problems(report).join(), /was not run: those before it took all the time/)
  })

  it('run twice it does the same again', async () => {
    using root = createTemporaryRoot()
    const text = `#cloud-config
hostname: node
users: [{name: a, passwd: b, groups: [admin], ssh_authorized_keys: [key one]}]
stages: {initramfs: [{sysctl: {kernel.printk: 4}, environment: {A: b}}]}
`
    await run(root, text)
    const files = [
      '/etc/passwd',
      '/etc/shadow',
      '/etc/group',
      '/etc/gshadow',
      '/etc/hosts',
      '/etc/environment',
      '/home/a/.ssh/authorized_keys',
      '/etc/sysctl.d/99-skerry-config.conf',
    ]
    const before = files.map((file) => root.get(file))
    await run(root, text)
    assert.deepEqual(
      files.map((file) => root.get(file)),
      before,
    )
  })

  it('stages but reconcile run once in a boot, however often the agent starts', async () => {
    using root = createTemporaryRoot('late')
    root.put(
      '/data/oem/a.yaml',
      ['boot', 'fs', 'reconcile']
        .map((name) => `  ${name}: [{commands: ["echo ${name} >> $ROOT/order"]}]\n`)
        .reduce((text, line) => text + line, 'stages:\n'),
    )
    for (const names of [['boot'], ['boot'], ['reconcile'], ['reconcile']] as const)
      await runStages(root.host, names)
    assert.equal(root.get('/order'), 'boot\nfs\nreconcile\nreconcile\n')
    root.put('/run/skerry/config.json', '{"ran": "torn')
    await runStages(root.host, ['fs'])
    assert.match(root.get('/order'), /fs\n$/)
  })

  it('a home that outlived a reboot keeps its owner, whoever else is new', async () => {
    using root = createTemporaryRoot()
    root.host.makeDirectory('/home/zoe', { mode: 0o755, uid: 1000, gid: 1000 })
    await run(root, '#cloud-config\nusers: [{name: anna}, {name: zoe}]\n')
    assert.match(root.get('/etc/passwd'), /^zoe:x:1000:1000:/m)
    assert.match(root.get('/etc/passwd'), /^anna:x:1001:1001:/m)
  })

  it('a clock that is not set makes no password expire', async () => {
    using root = createTemporaryRoot('early', (host) => ({
      ...host,
      clock: { ...host.clock, now: () => 1000 },
    }))
    await run(root, '#cloud-config\nusers: [{name: a, passwd: b}]\n')
    assert.match(root.get('/etc/shadow'), /^a:[^:]+::0:99999:7:::$/m)
  })

  it('no word of a user breaks the files of accounts', async () => {
    using root = createTemporaryRoot()
    const report = await run(
      root,
      '#cloud-config\nusers:\n- {name: a, gecos: "x:0:0:root:/root:/bin/sh"}\n- {name: b, shell: "/bin/sh\\nroot2::0:0::/:/bin/sh"}\n- {name: c, groups: ["x:y"]}\n- {name: d, passwd: "p:0:0"}\n- {name: e, passwd: ""}\n',
    )
    assert.doesNotMatch(root.get('/etc/passwd'), /^(a|b|root2):|x:y/m)
    assert.match(root.get('/etc/shadow'), /^d:\$6\$/m)
    assert.match(root.get('/etc/shadow'), /^e:\*:/m)
    assert.equal(problems(report).length, 2)
    assert.match(report.findings.map(({ path }) => path).join(), /users\[2\]\.groups\[0\]/)
  })

  it('a link to a file is followed and stays a link', async () => {
    using root = createTemporaryRoot()
    root.put('/data/real', 'old')
    root.host.link('../data/real', '/etc/linked')
    await run(root, 'stages: {initramfs: [{files: [{path: /etc/linked, content: new}]}]}\n')
    assert.equal(root.get('/data/real'), 'new')
    assert.equal(root.host.look('/etc/linked')?.linkTo, '../data/real')
  })
})

describe('the skerry block', { skip: needsRoot }, () => {
  const text = `#cloud-config
skerry:
  hub: https://hub.example:7443
  token: a.b.c
  site: store-1
  proxy: http://proxy:3128
  noProxy: [10.0.0.0/8]
  ntp: [ntp.example]
  network:
    interfaces:
    - {mac: "52:54:00:AA:BB:CC", dhcp: true}
    - {name: eth1, addresses: [10.0.0.2/24], gateway: 10.0.0.1, dns: [10.0.0.1], mtu: 1400}
  caCertificates:
  - |
    -----BEGIN CERTIFICATE-----
    AAAA
    -----END CERTIFICATE-----
  services: [ssh]
  checks: [{name: disk, command: "df /"}]
`

  it('is merged from all files, later ones winning, and read by the agent', async () => {
    using root = createTemporaryRoot()
    root.put(
      '/usr/lib/skerry/oem/00.yaml',
      '#cloud-config\nskerry: {hub: "https://old", namespace: shops, services: [dbus]}\n',
    )
    root.put('/data/oem/50_test.yaml', text)
    assert.deepEqual(readNodeConfig(root.host), {
      hub: 'https://hub.example:7443',
      token: 'a.b.c',
      site: 'store-1',
      namespace: 'shops',
      proxy: 'http://proxy:3128',
      noProxy: ['10.0.0.0/8'],
      ntp: ['ntp.example'],
      caCertificatesFile: '/etc/skerry/ca-certificates.pem',
      services: ['dbus', 'ssh'],
      checks: [{ name: 'disk', command: 'df /', timeoutSeconds: 30 }],
      files: ['/usr/lib/skerry/oem/00.yaml', '/data/oem/50_test.yaml'],
    })
  })

  it('writes for systemd-networkd and timesyncd where they are', async () => {
    using root = createTemporaryRoot()
    for (const name of ['networkd', 'timesyncd']) {
      root.put(`/usr/lib/systemd/systemd-${name}`, '')
      root.put(`/usr/lib/systemd/system/systemd-${name}.service`, '')
    }
    root.put('/etc/ssl/certs/ca-certificates.crt', 'OTHERS')
    const report = await run(root, text)
    assert.deepEqual(problems(report), [])
    assert.equal(
      root.get('/etc/systemd/network/50-skerry-1.network'),
      '[Match]\nMACAddress=52:54:00:aa:bb:cc\n\n[Network]\nDHCP=yes\n',
    )
    assert.equal(
      root.get('/etc/systemd/network/50-skerry-2.network'),
      '[Match]\nName=eth1\n\n[Network]\nAddress=10.0.0.2/24\nGateway=10.0.0.1\nDNS=10.0.0.1\n\n[Link]\nMTUBytes=1400\n',
    )
    assert.match(root.get('/etc/systemd/timesyncd.conf.d/10-yip.conf'), /^NTP=ntp\.example$/m)
    assert.equal(
      root.host.look('/etc/systemd/system/multi-user.target.wants/systemd-networkd.service')
        ?.linkTo,
      '/usr/lib/systemd/system/systemd-networkd.service',
    )
    assert.match(
      root.get('/etc/environment'),
      /^no_proxy="localhost,127\.0\.0\.1,::1,10\.0\.0\.0\/8"$/m,
    )
    assert.match(
      root.get('/etc/ssl/certs/ca-certificates.crt'),
      /^OTHERS\n-----BEGIN CERTIFICATE-----\nAAAA/,
    )
    await run(root, text)
    assert.equal(root.get('/etc/ssl/certs/ca-certificates.crt').match(/BEGIN/g)?.length, 1)
  })

  it('without a word about interfaces asks for DHCP, unless somebody wrote a file', async () => {
    using root = createTemporaryRoot()
    root.put('/usr/lib/systemd/systemd-networkd', '')
    root.put('/usr/lib/systemd/network/80-container-host0.network', '')
    await run(root, '#cloud-config\n')
    assert.match(
      root.get('/etc/systemd/network/95-skerry-default.network'),
      /Type=ether[\s\S]*DHCP=yes/,
    )
    root.host.remove('/etc/systemd/network/95-skerry-default.network')
    await run(
      root,
      `stages:
  initramfs:
    - files:
        - path: /etc/systemd/network/01-man.network
          permissions: 0644
          content: |
            [Match]
            Name=ens18

            [Network]
            Address=10.1.1.1/16
            Gateway=10.1.0.1
            DNS=10.1.0.1
`,
    )
    assert.match(
      root.get('/etc/systemd/network/01-man.network'),
      /^\[Match\]\nName=ens18\n\n\[Network\]\nAddress=10/,
    )
    assert.equal(root.host.look('/etc/systemd/network/95-skerry-default.network'), undefined)
  })

  it('uses our own busybox on other roots', async () => {
    const asked: string[] = []
    using root = createTemporaryRoot('late', (host) => ({
      ...host,
      run: async ({ command }) => {
        asked.push(command.slice(1).join(' '))
        return { ok: true, output: '' }
      },
    }))
    for (const [name, mac] of [
      ['eth0', '52:54:00:aa:bb:cc'],
      ['eth1', '52:54:00:aa:bb:dd'],
    ]) {
      root.put(`/sys/class/net/${name}/type`, '1\n')
      root.put(`/sys/class/net/${name}/address`, `${mac}\n`)
      root.put(`/sys/class/net/${name}/device/x`, '')
    }
    const report = await run(root, text.replace('  ntp: [ntp.example]\n', ''), ['boot'])
    assert.deepEqual(problems(report), [])
    assert.deepEqual(
      asked.filter((line) => !line.startsWith('modprobe')),
      [
        'ip link set lo up',
        'ip link set eth0 up',
        'udhcpc -i eth0 -s /run/skerry/network/udhcpc.sh -p /run/skerry/network/eth0.pid -b -t 4 -T 2',
        'ip link set eth1 mtu 1400',
        'ip link set eth1 up',
        'ip addr replace 10.0.0.2/24 dev eth1',
        'ip route replace default via 10.0.0.1 dev eth1',
      ],
    )
    assert.equal(root.get('/etc/resolv.conf'), 'nameserver 10.0.0.1\n')
    assert.equal(root.mode('/run/skerry/network/udhcpc.sh'), '0755')
  })

  it('keeps folders on the data partition, copied before they are renamed and bound', async () => {
    const asked: string[] = []
    using root = createTemporaryRoot('early', (host) => ({
      ...host,
      run: async ({ command }) => {
        asked.push(command.slice(1).join(' '))
        return { ok: true, output: '' }
      },
    }))
    const paths =
      '#cloud-config\nskerry: {persistentPaths: [/etc/rancher, /var/lib/x, "/opt/a b"]}\n'
    const lost = await run(root, paths)
    assert.match(problems(lost).join(), /there is no data partition now/)
    root.put('/proc/self/mounts', '/dev/vda5 /data ext4 rw 0 0\n')
    const report = await run(root, paths)
    assert.deepEqual(asked, [
      'rm -rf /data/.new-config',
      'cp -a /etc/rancher /data/.new-config',
      'sync -f /data',
      'mv /data/.new-config /data/bind/etc/rancher',
      'sync -f /data',
      'mount -o bind /data/bind/etc/rancher /etc/rancher',
    ])
    assert.equal(problems(report).length, 2)
  })
})
