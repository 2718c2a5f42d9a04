import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { stringify } from 'yaml'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'

export type KubeconfigInput = {
  readonly server: string
  /** PEM. */
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** Writes the administrator's kubeconfig, readable by its owner alone, into a folder that need not be there yet. */
export async function writeKubeconfigFile(path: string, input: KubeconfigInput): Promise<void> {
  const encode = (pem: string) => Buffer.from(pem).toString('base64')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'skerry',
        cluster: {
          server: input.server,
          'certificate-authority-data': encode(input.authority),
        },
      },
    ],
    users: [
      {
        name: 'skerry-admin',
        user: {
          'client-certificate-data': encode(input.certificate),
          'client-key-data': encode(input.key),
        },
      },
    ],
    contexts: [
      {
        name: 'skerry',
        context: { cluster: 'skerry', user: 'skerry-admin', namespace: 'default' },
      },
    ],
    'current-context': 'skerry',
  }
  await tellStorageErrors(dirname(path), async () => {
    await mkdir(dirname(path), { recursive: true })
    await writeFileAtomic(path, stringify(config), 0o600)
  })
}
