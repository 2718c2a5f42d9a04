import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ModuleFacts, moduleFacts, moduleOrder } from './module-order.ts'

const kernel = (modules: Record<string, Partial<ModuleFacts>>) => async (name: string) =>
  Object.hasOwn(modules, name) ? { depends: [], before: [], ...modules[name] } : undefined

test('a module comes after what it needs and after what it wants before it', async () => {
  const factsOf = kernel({
    dm_verity: { depends: ['dm_mod', 'dm_bufio'], before: ['sha256_ssse3'] },
    dm_bufio: { depends: ['dm_mod'] },
    dm_mod: {},
    sha256_ssse3: {},
  })
  assert.deepEqual(await moduleOrder(['dm-verity', 'dm_mod'], factsOf), [
    'sha256_ssse3',
    'dm_mod',
    'dm_bufio',
    'dm_verity',
  ])
})

test('what is built in, or not in this kernel, is left out', async () => {
  assert.deepEqual(await moduleOrder(['nvme', 'erofs'], kernel({ erofs: {} })), ['erofs'])
})

test('modules that want each other do not go round for ever', async () => {
  const factsOf = kernel({ a: { before: ['b'] }, b: { depends: ['a'] } })
  assert.deepEqual(await moduleOrder(['a'], factsOf), ['b', 'a'])
})

test('depends and softdep are read as depmod reads them', () => {
  assert.deepEqual(
    moduleFacts([
      'depends=dm-mod,dm-bufio',
      'softdep=pre: crc32c i2c-piix4 post: later',
      'depends=',
    ]),
    { depends: ['dm_mod', 'dm_bufio'], before: ['crc32c', 'i2c_piix4'] },
  )
  assert.deepEqual(moduleFacts(['softdep=post: a']), { depends: [], before: [] })
  assert.deepEqual(moduleFacts(['softdep=pre:']), { depends: [], before: [] })
})
