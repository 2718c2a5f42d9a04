import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { readOrCreateKeyFile, replaceKeyFile } from './key-ring-file.ts'

/**
 * Keeps values secret at rest: AES-256-GCM under a key that is in a file and not in the database.
 * `context` says where the value belongs; sealed text that is moved elsewhere does not open.
 */
export type Sealer = {
  seal(plain: string, context?: string): string
  /** Throws when the key is missing or the text was changed. */
  open(sealed: string, context?: string): string
  isSealed(text: string): boolean
  /** Whether the text was sealed by the newest key; if not, seal it again after a rotation. */
  isCurrent(sealed: string): boolean
  rotate(): Promise<void>
}

const prefix = 'skerry-sealed:v1:'
const nonceBytes = 12
const tagBytes = 16

type SealKey = { readonly id: string; readonly key: string }

export async function createSealer(options: { readonly dir: string }): Promise<Sealer> {
  const path = join(options.dir, 'secret-keys.json')
  const stored = await readOrCreateKeyFile(path, () => JSON.stringify({ keys: [newKey()] }))
  let { keys } = JSON.parse(stored) as { keys: SealKey[] }
  const keyOf = (id: string) => {
    const found = keys.find((key) => key.id === id)
    if (found === undefined)
      throw new Error(
        `A secret was sealed with the key ${id}, which is not in ${path}: restore it.`,
      )
    return Buffer.from(found.key, 'base64')
  }
  return {
    seal(plain, context = '') {
      const { id } = keys[0]!
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', keyOf(id), nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      const sealed = Buffer.concat([nonce, body, cipher.getAuthTag()])
      return `${prefix}${id}:${sealed.toString('base64')}`
    },
    open(sealed, context = '') {
      const [id = '', text = ''] = sealed.slice(prefix.length).split(':')
      if (!sealed.startsWith(prefix)) throw new Error('The text is not sealed by this hub.')
      const bytes = Buffer.from(text, 'base64')
      const nonce = bytes.subarray(0, nonceBytes)
      const decipher = createDecipheriv('aes-256-gcm', keyOf(id), nonce, {
        authTagLength: tagBytes,
      }).setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
      return Buffer.concat([plain, decipher.final()]).toString('utf8')
    },
    isSealed: (text) => text.startsWith(prefix),
    isCurrent: (sealed) => sealed.startsWith(`${prefix}${keys[0]!.id}:`),
    async rotate() {
      // Old keys stay: a backup may hold what they sealed.
      const next = [newKey(), ...keys]
      await replaceKeyFile(path, JSON.stringify({ keys: next }))
      keys = next
    },
  }
}

const newKey = (): SealKey => ({
  id: randomBytes(6).toString('hex'),
  key: randomBytes(32).toString('base64'),
})
