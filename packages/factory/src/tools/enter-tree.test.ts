import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enterTree } from './enter-tree.ts'
import { treeProgram } from './tree-program.ts'

test('root needs a mount namespace only, anybody else a user namespace as well', () => {
  const tool = { command: ['mkfs.erofs', '--version'] }
  assert.equal(enterTree('/tree', tool, true).includes('--user'), false)
  const words = enterTree('/tree', tool, false)
  assert.deepEqual(words.slice(0, 4), ['unshare', '--user', '--map-root-user', '--mount'])
  assert.deepEqual(words.slice(words.indexOf('/tree')), [
    '/tree',
    '--',
    '-C',
    '/tmp',
    'PATH=/usr/sbin:/usr/bin',
    'HOME=/tmp',
    'LC_ALL=C.UTF-8',
    'TZ=UTC',
    'mkfs.erofs',
    '--version',
  ])
})

test('binds are read-only unless told, and secrets are named, never shown', () => {
  const words = enterTree(
    '/tree',
    {
      command: ['true'],
      binds: [{ path: '/work' }, { path: '/home/me/out', at: '/out', isWritable: true }],
      secrets: { 'db.key': Buffer.from('do not show') },
      environment: { SOURCE_DATE_EPOCH: '0' },
    },
    true,
  )
  const shown = words.slice(words.indexOf('/tree') + 1, words.indexOf('-C') - 1)
  const binds = 'bind /work /work ro bind /home/me/out /out rw'
  assert.equal(shown.join(' '), `${binds} secret db.key 11`)
  assert.equal(words.includes('SOURCE_DATE_EPOCH=0'), true)
  assert.equal(words.join(' ').includes('do not show'), false)
})

test('what would cover the tree, or leave it, is refused', () => {
  for (const path of ['/', '/usr/local/work', '/etc', 'work', '/work/../etc', '/work/'])
    assert.throws(() => enterTree('/tree', { command: ['true'], binds: [{ path }] }, true))
  for (const name of ['../x', '', 'a/b', '.hidden'])
    assert.throws(() =>
      enterTree('/tree', { command: ['true'], secrets: { [name]: Buffer.from('x') } }, true),
    )
  const large = { key: Buffer.alloc(64 * 1024 + 1) }
  assert.throws(() => enterTree('/tree', { command: ['true'], secrets: large }, true), /65536/)
})

test('a program of a tree runs by the loader of the tree', () => {
  assert.deepEqual(treeProgram({ path: '/lab' }, '/usr/bin/qemu-img', 'x64'), [
    '/lab/usr/lib64/ld-linux-x86-64.so.2',
    '--library-path',
    '/lab/usr/lib/x86_64-linux-gnu',
    '/lab/usr/bin/qemu-img',
  ])
  assert.throws(() => treeProgram({ path: '/lab' }, '/usr/bin/x', 'mips'), /mips/)
})
