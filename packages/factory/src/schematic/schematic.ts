import {
  type Infer,
  type Schema,
  boolean,
  integer,
  list,
  object,
  oneOf,
  optional,
  string,
  withDefault,
} from '@skerry/api/schema'

const size = (what: string): Schema<number | string> =>
  ({
    'x-kubernetes-int-or-string': true,
    description: `${what} Bytes, or a number with MiB or GiB, such as 512MiB.`,
    pattern: '^[1-9][0-9]*(MiB|GiB)?$',
    minimum: 1,
    maximum: 2 ** 46,
  }) as Schema<number | string>

const packageName = (what: string) =>
  string(what, { pattern: '^[a-z0-9][a-z0-9+.-]+$', maxLength: 100 })

const path = (what: string) => string(what, { minLength: 1, maxLength: 1000 })

const baseSchema = object(
  {
    oci: optional(
      string('An OCI image: registry/name:tag, or the directory of an OCI layout.', {
        minLength: 1,
        maxLength: 1000,
      }),
    ),
    tar: optional(path('A root file system as a tar archive, plain or with gzip, zstd or xz.')),
    debian: optional(
      object(
        {
          suite: withDefault(oneOf(['trixie', 'sid'], 'Release of Debian.'), 'trixie'),
          init: withDefault(
            oneOf(['systemd', 'openrc', 'sysvinit'], 'What is process 1.'),
            'systemd',
          ),
        },
        'A root made from packages of Debian; `packages` names more of them.',
      ),
    ),
    busybox: optional(boolean('A root of a single static program: to try things with.')),
  },
  'What the root is made of: one of oci, tar, debian, busybox.',
)

const fileSchema = object(
  {
    path: string('Where in the root, from its top, such as /etc/motd.', {
      pattern: '^/[^\\x00]+$',
      maxLength: 1000,
    }),
    content: optional(string('The text.')),
    source: optional(path('A file beside the schematic.')),
    mode: withDefault(
      string('Permissions in octal digits, in quotes.', { pattern: '^0?[0-7]{3,4}$' }),
      '0644',
    ),
    owner: withDefault(string('Owner as UID:GID.', { pattern: '^[0-9]{1,9}:[0-9]{1,9}$' }), '0:0'),
  },
  'A file that is put into the root.',
)

const cloudConfigSchema = object(
  {
    name: optional(
      string('File name below /usr/lib/skerry/oem; they are read in its order.', {
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.yaml$',
        maxLength: 100,
      }),
    ),
    content: optional(string('The document.')),
    source: optional(path('A file beside the schematic.')),
  },
  'A document of cloud-config.',
)

/** `image.yaml`, as it is written. */
export const schematicSchema = object(
  {
    name: string('Name of the image.', {
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      maxLength: 40,
    }),
    version: string('Grows with each build: the loader starts the newest. Such as 1.4.0.', {
      pattern: '^[0-9]+(\\.[0-9]+){0,3}([-.][a-z0-9]+)*$',
      maxLength: 40,
    }),
    base: baseSchema,
    kernel: withDefault(
      packageName(
        "cloud (virtual machines), generic (every driver), or a package of Debian's such as linux-image-rt-amd64.",
      ),
      'cloud',
    ),
    modules: optional(
      list(
        string('Name of a kernel module.', { pattern: '^[A-Za-z0-9_-]+$', maxLength: 100 }),
        'Kernel modules of the root, with what they need; absent: all of the kernel.',
        { maxItems: 2000 },
      ),
    ),
    packages: withDefault(
      list(packageName('A package.'), 'More packages, for a base of Debian.', { maxItems: 1000 }),
      [] as string[],
    ),
    cloudConfig: withDefault(
      list(cloudConfigSchema, 'Cloud-config that belongs to the image.', { maxItems: 50 }),
      [] as Infer<typeof cloudConfigSchema>[],
    ),
    files: withDefault(
      list(fileSchema, 'Files that are put into the root last.', { maxItems: 1000 }),
      [] as Infer<typeof fileSchema>[],
    ),
    persistentPaths: withDefault(
      list(
        string('A directory of the root.', { pattern: '^/[^\\x00\\n]+$', maxLength: 1000 }),
        'Directories that keep what is written to them, beside /var, /root, /home and /etc/ssh.',
        { maxItems: 100 },
      ),
      [] as string[],
    ),
    agent: withDefault(boolean('Whether the agent is in it.'), true),
    inference: withDefault(boolean('Whether it can serve models (ONNX Runtime).'), true),
    consoleLogin: withDefault(boolean('Whether the consoles ask for a login.'), true),
    commandLine: withDefault(
      list(
        string('A word of the kernel command line.', { pattern: '^[!-~]+$', maxLength: 400 }),
        'What is added to the kernel command line.',
        { maxItems: 100 },
      ),
      [] as string[],
    ),
    watchdogSeconds: withDefault(
      integer('Seconds until the hardware resets a machine whose agent is gone.', {
        minimum: 20,
        maximum: 3600,
      }),
      180,
    ),
    compression: withDefault(
      oneOf(
        ['none', 'lz4'],
        'Of the root. none keeps later updates small on the link; lz4 halves the slot.',
      ),
      'none',
    ),
    slotBytes: optional(size('Size of each slot; absent: twice the image, at least 2 GiB.')),
    espBytes: optional(size('Size of the boot partition; absent: 512 MiB, 1 GiB for generic.')),
    dataBytes: optional(size('Size of the data partition of the disk image; absent: 1 GiB.')),
    keys: optional(path('Directory of the keys, beside the schematic.')),
    enrolment: withDefault(
      oneOf(
        ['off', 'if-safe', 'force'],
        'Whether the loader enrols our Secure Boot keys on a machine in setup mode.',
      ),
      'off',
    ),
    microsoftCertificates: withDefault(
      boolean("Whether Microsoft's certificates are enrolled too: real boards may need them."),
      true,
    ),
  },
  'An image as code.',
)

/** With every default in place. */
export type Schematic = Infer<typeof schematicSchema>
export type CarriedFile = Schematic['files'][number]

/** Bytes of a size that was checked. */
export function bytesOf(size: number | string): number {
  const found = /^(\d+)(MiB|GiB)?$/.exec(String(size))!
  return Number(found[1]) * (found[2] === 'MiB' ? 2 ** 20 : found[2] === 'GiB' ? 2 ** 30 : 1)
}
