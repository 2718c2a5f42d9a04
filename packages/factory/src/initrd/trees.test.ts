import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { InitrdError } from './initrd-error.ts'
import { openKernelModules } from './kernel-modules.ts'
import { linkedFiles } from './linked-files.ts'
import { type ElfContent, elfFile } from './testing/elf-file.ts'
import { pathInTree } from './tree-files.ts'
import { moduleUnpacker } from './unpack-module.ts'

/** A tree with these files; a text that begins with "-> " is a link. */
function treeOf(t: TestContext, files: Record<string, Uint8Array | string>): string {
  const tree = mkdtempSync(join(tmpdir(), 'initrd-tree-'))
  t.after(() => rmSync(tree, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    if (typeof content === 'string' && content.startsWith('-> '))
      symlinkSync(content.slice(3), join(tree, path))
    else writeFileSync(join(tree, path), content)
  }
  return tree
}

const library = '/usr/lib/x86_64-linux-gnu'
const loader = '/lib64/ld-linux-x86-64.so.2'
const program = (content: ElfContent) => elfFile({ interpreter: loader, ...content })

test('a program comes with its loader and with the libraries of its libraries', (t) => {
  const tree = treeOf(t, {
    'usr/sbin/tool': program({ needed: ['liba.so.1', 'libc.so.6'] }),
    [`${library}/liba.so.1`]: '-> liba.so.1.2.3',
    [`${library}/liba.so.1.2.3`]: elfFile({ needed: ['libb.so.2', 'libc.so.6'] }),
    [`${library}/libb.so.2`]: elfFile({}),
    [`${library}/libc.so.6`]: elfFile({ needed: ['ld-linux-x86-64.so.2'] }),
    'usr/lib64/ld-linux-x86-64.so.2': `-> ${library}/ld.so`,
    [`${library}/ld.so`]: elfFile({}),
    [`${library}/unasked.so`]: elfFile({}),
  })
  assert.deepEqual([...linkedFiles(tree, ['tool']).keys()].toSorted(), [
    '/usr/bin/tool',
    '/usr/lib/x86_64-linux-gnu/liba.so.1',
    '/usr/lib/x86_64-linux-gnu/libb.so.2',
    '/usr/lib/x86_64-linux-gnu/libc.so.6',
    '/usr/lib64/ld-linux-x86-64.so.2',
  ])
})

test('what the packages lack is named', (t) => {
  const tree = treeOf(t, {
    'usr/bin/tool': program({ needed: ['libgone.so.1'] }),
    'usr/bin/odd': elfFile({ needed: ['../../etc/shadow'] }),
    'usr/bin/script': '#!/bin/sh\n',
    [`usr/lib64/ld-linux-x86-64.so.2`]: elfFile({}),
  })
  assert.throws(() => linkedFiles(tree, ['none']), /no program "none": add the package/)
  assert.throws(() => linkedFiles(tree, ['tool']), /no library "libgone.so.1": add the package/)
  assert.throws(() => linkedFiles(tree, ['odd']), /a name without a path is needed/)
  assert.throws(() => linkedFiles(tree, ['script']), /not a program or library: it is not an ELF/)
})

test('links of a tree lead within the tree, and not round for ever', (t) => {
  const tree = treeOf(t, {
    'etc/real': 'x',
    'etc/absolute': '-> /etc/real',
    'etc/above': '-> ../../../../etc/real',
    lib: '-> etc',
    a: '-> b',
    b: '-> a',
  })
  for (const path of ['/etc/absolute', '/etc/above', '/lib/absolute', '/../../lib/real']) {
    assert.equal(pathInTree(tree, path), '/etc/real', path)
  }
  assert.equal(pathInTree(tree, '/etc/none'), undefined)
  assert.throws(() => pathInTree(tree, '/a'), /behind too many links/)
})

const kernel = 'usr/lib/modules/6.12-test'
const unpack = moduleUnpacker('/no/busybox')

test('modules are read packed and in load order; those built in are left out', async (t) => {
  const tree = treeOf(t, {
    [`${kernel}/kernel/a/dm-verity.ko.zst`]: zstdCompressSync(
      elfFile({ moduleInfo: ['depends=dm-mod,builtin-one'] }),
    ),
    [`${kernel}/kernel/b/dm-mod.ko.gz`]: gzipSync(elfFile({ moduleInfo: ['depends='] })),
    [`${kernel}/kernel/c/other.ko`]: elfFile({ moduleInfo: [] }),
    [`${kernel}/modules.builtin`]: 'kernel/d/builtin-one.ko\n',
  })
  const modules = openKernelModules(tree, '6.12-test', unpack)
  const found = await modules.load(['dm_verity', 'builtin_one', 'not-in-this-kernel'])
  assert.deepEqual(
    found.map(({ name, path }) => `${name} ${path}`),
    ['dm_mod kernel/b/dm-mod.ko', 'dm_verity kernel/a/dm-verity.ko'],
  )
})

test('a kernel that is not complete, damaged, or another one is refused in words', async (t) => {
  const tree = treeOf(t, {
    [`${kernel}/kernel/a.ko`]: elfFile({ moduleInfo: ['depends=gone'] }),
    [`${kernel}/kernel/b.ko.zst`]: Buffer.from('not zstd'),
    [`${kernel}/kernel/c.ko.xz`]: Buffer.from('no busybox that could'),
    [`${kernel}/kernel/d.ko`]: Buffer.from('not ELF'),
  })
  assert.throws(() => openKernelModules(tree, '6.1', unpack), /no modules of "6.1".*: 6.12-test/)
  const refused = { a: /needs gone, which/, b: /unpacked/, c: /unpacked/, d: /cannot be read/ }
  for (const [name, message] of Object.entries(refused)) {
    await assert.rejects(openKernelModules(tree, '6.12-test', unpack).load([name]), (error) => {
      assert.ok(error instanceof InitrdError)
      assert.match(error.message, message)
      return true
    })
  }
})
