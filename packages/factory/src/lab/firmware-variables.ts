import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Tree } from '../debian/tree.ts'
import { type SecureBootKey, secureBootKeys } from '../keys/key-files.ts'
import type { PublicKeys } from '../keys/open-keys.ts'
import { runInTools } from '../tools/run-in-tools.ts'

type Root = Pick<Tree, 'path'>

const templateOf = (lab: Root) => join(lab.path, 'usr/share/OVMF/OVMF_VARS_4M.fd')

/** Variables of a machine that was never on: no keys, so a loader may enrol some. */
export async function createBlankVariables(lab: Root, out: string): Promise<void> {
  await copyFile(templateOf(lab), out)
}

/**
 * Variables of a machine that knows the owner's keys and verifies what it starts. Written by virt-fw-vars,
 * which is one program run; enrolling by a loader takes a signed disk and two boots.
 */
export async function createSecureBootVariables(
  trees: { readonly lab: Root; readonly tools: Root },
  keys: Pick<PublicKeys, 'owner' | 'certificates'>,
  out: string,
): Promise<void> {
  const work = await mkdtemp(join(dirname(out), '.variables-'))
  try {
    await copyFile(templateOf(trees.lab), join(work, 'blank.fd'))
    for (const name of secureBootKeys)
      await writeFile(join(work, `${name}.pem`), keys.certificates[name].toString())
    const flags: Record<SecureBootKey, string> = {
      PK: '--set-pk',
      KEK: '--add-kek',
      db: '--add-db',
    }
    await runInTools(trees.tools, {
      command: [
        ['virt-fw-vars', '--input', '/mnt/blank.fd', '--output', '/mnt/filled.fd'],
        secureBootKeys.flatMap((name) => [flags[name], keys.owner, `/mnt/${name}.pem`]),
        ['--secure-boot', '--no-microsoft'],
      ].flat(),
      binds: [{ path: work, at: '/mnt', isWritable: true }],
    })
    await rename(join(work, 'filled.fd'), out)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
