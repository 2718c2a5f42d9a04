import {
  flag,
  list,
  listOrOne,
  notBuilt,
  placed,
  record,
  scalarText,
  supported,
  text,
  type Reader,
  wrong,
} from './readers.ts'
import { skerryReader } from './skerry-keys.ts'
import { namedUserReader, stepKeys, writeFileReader } from './step-keys.ts'

/** cloud-init also takes a list of words, which is quoted for the shell. */
const command: Reader<string> = {
  form: 'text',
  read: (node, context) => {
    if (node.kind !== 'list') return text().read(node, context)
    const words = list(scalarText()).read(node, context) ?? []
    return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  },
}

const stages: Reader<undefined> = {
  form: 'map of stage to list of steps',
  // Read by the document, which knows the file's name.
  read: (node, context) => (node.kind === 'map' ? undefined : wrong(node, context, 'a map')),
}

export const ntpKeys = {
  enabled: supported(flag),
  servers: supported(list(text())),
  pools: supported(list(text())),
  ntp_client: notBuilt('systemd-timesyncd is used where it is'),
  config: notBuilt('use timesyncd in a stage'),
}

const kubernetes = notBuilt('Kubernetes is not started from cloud-config yet')
const installing = notBuilt(
  'a disk image is made by `skerry image build`; there is no installer yet',
)
const upgrading = notBuilt('images are changed by a Rollout, or by the agent of the machine')
const ofCloudInit = (advice: string) =>
  notBuilt(`it is cloud-init's, and Kairos ignores it: ${advice}`)

/** Every top-level key that is known. */
export const topKeys = {
  name: supported(scalarText(), 'of the file, for messages'),
  stages: supported(stages),
  skerry: supported(skerryReader, 'ours: see below'),
  hostname: supported(scalarText(), 'in stage initramfs'),
  users: supported(
    list(placed(namedUserReader())),
    'in stage initramfs, so that logging in works as soon as init does',
  ),
  ssh_authorized_keys: supported(
    listOrOne(text()),
    "for every user of the file's users, else for root",
  ),
  write_files: supported(list(placed(writeFileReader())), 'in stage boot'),
  runcmd: supported(list(placed(command)), 'in stage boot'),
  timezone: supported(stepKeys.timezone.reader, 'in stage initramfs'),
  ntp: supported(record(ntpKeys), 'in stage initramfs, as timesyncd'),
  // Kairos' own, of what comes later.
  install: installing,
  'extra-partitions': installing,
  upgrade: upgrading,
  reset: notBuilt('there is no reset yet: delete the data partition and start anew'),
  bundles: notBuilt('put the files into the image'),
  extensions: notBuilt('put the files into the image'),
  fail_on_bundles_errors: notBuilt('there are no bundles yet'),
  grub_options: notBuilt(
    "the kernel's command line is signed with the image: commandLine in image.yaml",
  ),
  env: notBuilt('use environment in a stage'),
  options: notBuilt('remove it'),
  k3s: kubernetes,
  'k3s-agent': kubernetes,
  k0s: kubernetes,
  'k0s-worker': kubernetes,
  kubevip: kubernetes,
  cluster: kubernetes,
  p2p: notBuilt('sites find each other through their hub: skerry.hub'),
  phonehome: notBuilt('write skerry: {hub, token}'),
  kcrypt: notBuilt('data is not encrypted yet'),
  'bind-pcrs': notBuilt('data is not encrypted yet'),
  'bind-public-pcrs': notBuilt('data is not encrypted yet'),
  config_url: notBuilt('put the file on a config drive or into data/oem'),
  debug: notBuilt('what happened stands in /run/skerry/config.json'),
  strict: notBuilt('errors are collected and never stop a boot'),
  logs: notBuilt('remove it'),
  'cloud-init-paths': notBuilt(
    'files are read from /system/oem, /usr/lib/skerry/oem, /data/oem and a config drive',
  ),
  'eject-cd': notBuilt('the config drive is unmounted at once and can be removed'),
  cosign: notBuilt('images are verified by keys in the image, always'),
  'cosign-key': notBuilt('images are verified by keys in the image, always'),
  verify: notBuilt('images are verified by keys in the image, always'),
  arch: notBuilt('the image decides'),
  platform: notBuilt('the image decides'),
  'squash-compression': notBuilt('see compression in image.yaml'),
  'squash-no-compression': notBuilt('see compression in image.yaml'),
  'uki-max-entries': notBuilt('there are three slots'),
  'registry-auth': notBuilt(
    "images come through the hub's registry, with the device's certificate",
  ),
  growpart: notBuilt('the data partition is as large as the disk image makes it'),
  milpa_files: notBuilt('write write_files'),
  // cloud-init's, that users bring along.
  bootcmd: ofCloudInit('use commands in stages.initramfs'),
  fqdn: ofCloudInit('use hostname'),
  preserve_hostname: ofCloudInit('remove it'),
  manage_etc_hosts: ofCloudInit('the host name is always put into /etc/hosts'),
  packages: ofCloudInit('name packages in image.yaml'),
  package_update: ofCloudInit('packages belong into the image'),
  package_upgrade: ofCloudInit('packages belong into the image'),
  apt: ofCloudInit('packages belong into the image'),
  chpasswd: ofCloudInit('use users with passwd'),
  password: ofCloudInit('use users with passwd'),
  ssh_pwauth: ofCloudInit('write a file below /etc/ssh/sshd_config.d'),
  disable_root: ofCloudInit('use lock_passwd, or a file below /etc/ssh/sshd_config.d'),
  ssh_keys: ofCloudInit('host keys are made once and kept on the data partition'),
  ssh_deletekeys: ofCloudInit('remove it'),
  groups: ofCloudInit('groups of users are made with them'),
  locale: ofCloudInit('use systemd_firstboot in a stage'),
  keyboard: ofCloudInit('use systemd_firstboot in a stage'),
  network: ofCloudInit('use skerry.network, or files below /etc/systemd/network'),
  resolv_conf: ofCloudInit('use dns in a stage'),
  manage_resolv_conf: ofCloudInit('use dns in a stage'),
  mounts: ofCloudInit('use skerry.persistentPaths, or commands'),
  swap: ofCloudInit('use commands'),
  disk_setup: ofCloudInit('partitions are made with the disk image'),
  fs_setup: ofCloudInit('partitions are made with the disk image'),
  power_state: ofCloudInit('remove it'),
  final_message: ofCloudInit('remove it'),
  phone_home: ofCloudInit('write skerry: {hub, token}'),
  ca_certs: ofCloudInit('use skerry.caCertificates'),
  'ca-certs': ofCloudInit('use skerry.caCertificates'),
  snap: ofCloudInit('packages belong into the image'),
  output: ofCloudInit('remove it'),
}
export const topReader = record(topKeys)
