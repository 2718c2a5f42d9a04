import type { Position } from './finding.ts'
import { patternCharactersMax } from './limits.ts'
import {
  type Infer,
  type Reader,
  flag,
  list,
  listOrOne,
  mapOf,
  notBuilt,
  permissions,
  placed,
  record,
  scalarText,
  supported,
  text,
  whole,
  wholeNumber,
  wrong,
} from './readers.ts'

const absolutePath = text({ pattern: /^\/[^\0]*$/, rule: 'an absolute path' })
const idMax = 2 ** 31 - 1
const numberOfUser = wholeNumber(0, idMax)
const accountName = text({
  pattern: /^[a-z_][a-z0-9_.-]{0,30}\$?$/,
  rule: 'a name of at most 31 small letters, digits, - and _, in quotes if it begins with a digit',
})

const pattern: Reader<string> = {
  form: 'a regular expression',
  read: (node, context) => {
    const rule = `a regular expression of at most ${patternCharactersMax} characters`
    if (node.kind !== 'scalar' || node.value === null || node.source.length > patternCharactersMax)
      return wrong(node, context, rule)
    try {
      return new RegExp(node.source).source
    } catch {
      return wrong(node, context, rule)
    }
  },
}

export const encodings = [
  'b64',
  'base64',
  'gz',
  'gzip',
  'gz+b64',
  'gz+base64',
  'gzip+b64',
  'gzip+base64',
] as const
const encoding: Reader<string> = {
  form: encodings.join(', '),
  read: (node, context) =>
    node.kind === 'scalar' && ['', 'text/plain', ...encodings].includes(node.source)
      ? node.source
      : wrong(node, context, `one of ${encodings.join(', ')}`),
}

export const fileKeys = {
  path: supported(absolutePath),
  content: supported(scalarText('text', true), 'templates as in commands, if there is no encoding'),
  encoding: supported(encoding),
  permissions: supported(permissions, 'default 0644, where Kairos leaves 0000'),
  owner: supported(numberOfUser),
  group: supported(numberOfUser),
  owner_string: supported(text(), '`user` or `user:group`'),
}

/** cloud-init's form: the owner is a name. */
export const writeFileKeys = {
  path: fileKeys.path,
  content: fileKeys.content,
  encoding: fileKeys.encoding,
  permissions: fileKeys.permissions,
  owner: supported(text(), '`user` or `user:group`'),
  append: notBuilt('write the whole file, or append in commands'),
  defer: notBuilt('files of write_files are written in stage boot, after users are there'),
}

/** Wrong, they would make readable what is secret. */
const ownership = ['permissions', 'owner', 'group', 'owner_string', 'encoding', 'content'] as const

export function fileReader() {
  return record(fileKeys, { required: ['path'], essential: ownership })
}

export function writeFileReader() {
  return record(writeFileKeys, { required: ['path'], essential: ownership })
}

export const directoryKeys = {
  path: supported(absolutePath),
  permissions: supported(permissions, 'default 0755'),
  owner: supported(numberOfUser),
  group: supported(numberOfUser),
}

const commaList: Reader<readonly string[]> = {
  form: 'list of names, or names with commas between',
  read: (node, context) =>
    node.kind === 'scalar' && typeof node.value === 'string'
      ? node.value.split(',').map((name) => name.trim())
      : list(accountName).read(node, context),
}

export const userKeys = {
  name: supported(accountName),
  passwd: supported(scalarText('text', true), 'plain or crypted; plain is kept as SHA-512'),
  lock_passwd: supported(flag),
  groups: supported(commaList, 'a group that is not there is made, where Kairos leaves it out'),
  primary_group: supported(accountName),
  no_user_group: supported(flag),
  ssh_authorized_keys: supported(
    listOrOne(text()),
    '`github:NAME`, `gitlab:NAME` and addresses need the network: known, not built yet',
  ),
  uid: supported(numberOfUser),
  gid: supported(numberOfUser),
  gecos: supported(scalarText()),
  homedir: supported(absolutePath),
  no_create_home: supported(flag),
  shell: supported(absolutePath),
  system: supported(flag, 'number below 1000, no home'),
  no_log_init: supported(flag, 'nothing to do here: there is no lastlog'),
  sudo: notBuilt('write a file below /etc/sudoers.d with files'),
  plain_text_passwd: notBuilt('write passwd'),
  hashed_passwd: notBuilt('write passwd, which may be crypted'),
  expiredate: notBuilt('use ensure_entities with kind shadow'),
}

/** Kairos' pages write some of these keys with dashes; its program reads them with underscores only. */
export const userAliases = {
  lockPasswd: 'lock_passwd',
  ...Object.fromEntries(
    Object.keys(userKeys)
      .filter((name) => name.includes('_'))
      .map((name) => [name.replaceAll('_', '-'), name]),
  ),
}

const user = placed(record(userKeys, { aliases: userAliases }))
const texts = (rule?: string) => mapOf(scalarText(rule))

export const systemctlKeys = {
  enable: supported(list(text())),
  disable: supported(list(text())),
  mask: supported(list(text())),
  start: supported(list(text()), 'before init: wanted by multi-user.target in this boot'),
  overrides: supported(
    list(
      record(
        {
          service: supported(text()),
          name: supported(text(), 'default override-yip.conf'),
          content: supported(text()),
        },
        { required: ['service', 'content'] },
      ),
    ),
  ),
}

export const dnsKeys = {
  nameservers: supported(list(text())),
  search: supported(list(text())),
  options: supported(list(text())),
  path: supported(absolutePath, 'default /etc/resolv.conf'),
}

export const ifFilesKeys = {
  any: supported(list(absolutePath)),
  all: supported(list(absolutePath)),
  none: supported(list(absolutePath)),
}

const entities = list(
  placed(
    record(
      {
        path: supported(absolutePath, 'default: the file of its kind'),
        entity: supported(text()),
      },
      { required: ['entity'] },
    ),
  ),
)

export const firstBootKeys = {
  hostname: supported(text()),
  locale: supported(text()),
  'locale-messages': supported(text()),
  keymap: supported(text()),
  timezone: supported(text()),
  'machine-id': notBuilt('the machine id is made by the initrd and kept on the data partition'),
  'root-password': notBuilt('use users: {root: {passwd: ...}}'),
  'root-password-hashed': notBuilt('use users: {root: {passwd: ...}}'),
  'root-shell': notBuilt('use ensure_entities with kind user'),
}

/** Every key of a step, in the order in which what they ask for is done. */
export const stepKeys = {
  name: supported(scalarText()),
  node: supported(pattern, 'condition: the host name matches'),
  if: supported(text(), 'condition: a shell command that succeeds'),
  only_os: supported(pattern, 'condition: matches PRETTY_NAME or ID of os-release'),
  only_os_version: supported(pattern, 'condition: matches VERSION_ID'),
  only_arch: supported(pattern, 'condition: amd64 or arm64'),
  only_service_manager: supported(
    text({ pattern: /^(systemd|openrc)$/i, rule: 'systemd or openrc' }),
    'condition',
  ),
  if_files: supported(whole(record(ifFilesKeys)), 'condition'),
  after: supported(
    list(record({ name: supported(scalarText()) }, { required: ['name'] })),
    'steps of the same stage that come first, by `FILE.NAME` or `NAME`',
  ),
  dns: supported(record(dnsKeys)),
  downloads: notBuilt('put the file into the image, or fetch it in commands of stage network'),
  git: notBuilt('fetch it in commands of stage network'),
  ensure_entities: supported(entities),
  directories: supported(
    list(placed(record(directoryKeys, { required: ['path'], essential: [...ownership] }))),
  ),
  files: supported(
    list(placed(fileReader())),
    'folders above are made with 0755; what is equal is not written again',
  ),
  commands: supported(
    list(placed(text())),
    'by /bin/sh, each ended at its deadline: 60 s before init, 5 min later',
  ),
  delete_entities: supported(entities),
  hostname: supported(scalarText(), 'templates: .MachineID, .UUID, .Random'),
  sysctl: supported(
    texts(),
    'before init also kept in /etc/sysctl.d, so that init does not undo it',
  ),
  users: supported(mapOf(user), 'a home that is already there keeps its owner as uid'),
  authorized_keys: supported(mapOf(listOrOne(text()))),
  modules: supported(list(placed(text({ pattern: /^[\w.-]+$/, rule: 'name of a module' })))),
  timesyncd: supported(texts()),
  systemctl: supported(record(systemctlKeys), 'on roots with systemd'),
  environment: supported(texts()),
  environment_file: supported(absolutePath, 'default /etc/environment'),
  systemd_firstboot: supported(record(firstBootKeys), 'the files are written, nothing is run'),
  timezone: supported(
    text({ pattern: /^[\w+-]+(\/[\w+-]+)*$/, rule: 'a time zone such as Europe/Rome' }),
  ),
  datasource: notBuilt('a config drive (cidata, config-2, SKERRY) is always looked for'),
  layout: notBuilt('partitions are made when the disk image is made: see slotBytes and dataBytes'),
  package_pins: notBuilt('packages belong into the image'),
  packages: notBuilt('packages belong into the image: name them in image.yaml'),
  unpack_images: notBuilt('put the files into the image'),
}

/** A step whose condition cannot be read is never run: without it, it would always be. */
export const conditionKeys = [
  'node',
  'if',
  'only_os',
  'only_os_version',
  'only_arch',
  'only_service_manager',
  'if_files',
] as const

export const stepReader = record(stepKeys, { form: 'step', essential: conditionKeys })

/** One step of a stage as it was written. */
export type Step = Infer<typeof stepReader> & {
  readonly at: Position
  /** `FILE.NAME`, as `after` calls it. */
  readonly id: string
  readonly label: string
}
export type FileEntry = Infer<ReturnType<typeof fileReader>>
export type UserEntry = Infer<ReturnType<typeof userReader>>

export const userReader = () => record(userKeys, { aliases: userAliases })
export const namedUserReader = () => record(userKeys, { aliases: userAliases, required: ['name'] })
