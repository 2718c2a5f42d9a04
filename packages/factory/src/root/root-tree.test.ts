import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { buffer } from 'node:stream/consumers'
import { type Header, pack } from 'tar-stream'
import { RootError } from './root-error.ts'
import { RootTree } from './root-tree.ts'
import { safePath, unpackLayer } from './unpack-layer.ts'
import { readData, writeTar } from './write-tar.ts'

type Line = Partial<Header> & { readonly name: string; readonly body?: string | Buffer }

async function tarOf(lines: readonly Line[]): Promise<Buffer> {
  const archive = pack()
  for (const { body, ...header } of lines) archive.entry(header as Header, body ?? '')
  archive.finalize()
  return buffer(archive)
}

const attributes = { mode: 0o644, uid: 0, gid: 0 }
const fileOf = (text: string) =>
  ({ ...attributes, type: 'file', data: { bytes: Buffer.from(text) } }) as const

describe('root tree', () => {
  let dir = ''
  before(async () => void (dir = await mkdtemp(join(tmpdir(), 'root-tree-'))))
  after(() => rm(dir, { recursive: true }))

  let count = 0
  async function layer(tree: RootTree, lines: readonly Line[] | Buffer): Promise<string> {
    const path = join(dir, `${(count += 1)}.tar`)
    await writeFile(path, Buffer.isBuffer(lines) ? lines : await tarOf(lines as readonly Line[]))
    await unpackLayer(tree, path)
    return path
  }
  const textOf = async (tree: RootTree, path: string) =>
    (await readData(tree.file(path)!.data, 1000)).toString()

  test('what another program packed is read, with long names, attributes and links', async () => {
    const tree = new RootTree()
    const long = `usr/${'n'.repeat(120)}/${'m'.repeat(120)}`
    await layer(tree, [
      { name: './' },
      { name: './usr/bin/a', mode: 0o4755, uid: 7, gid: 8, body: 'first' },
      { name: 'usr/bin/b', type: 'link', linkname: './usr/bin/a' },
      { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
      { name: long, body: 'deep' },
      { name: 'cap', body: 'x', pax: { 'SCHILY.xattr.security.capability': 'abc' } },
    ])
    assert.equal(await textOf(tree, 'usr/bin/a'), 'first')
    assert.equal(tree.get('usr/bin/a'), tree.get('usr/bin/b'), 'hard links are one entry')
    assert.deepEqual([tree.get('usr/bin/a')?.mode, tree.get('usr/bin/a')?.uid], [0o4755, 7])
    assert.equal(await textOf(tree, long), 'deep')
    assert.equal(Buffer.from(tree.get('cap')!.xattrs!['security.capability']!).toString(), 'abc')
    assert.equal(tree.resolve('bin/a'), 'usr/bin/a')
  })

  test('a layer removes, empties and replaces what is below it', async () => {
    const tree = new RootTree()
    await layer(tree, [
      { name: 'etc/a', body: '1' },
      { name: 'etc/b', body: '1' },
      { name: 'opt/x/y', body: '1' },
      { name: 'opt/z', body: '1' },
      { name: 'lib', type: 'symlink', linkname: 'usr/lib' },
      { name: 'usr/lib/one', body: '1' },
      { name: 'var/log/f', body: '1' },
    ])
    await layer(tree, [
      { name: 'etc/.wh.a', body: '' },
      { name: 'opt/new', body: '2' },
      { name: 'opt/.wh..wh..opq', body: '' },
      { name: 'lib/two', body: '2' },
      { name: 'lib/.wh.one', body: '' },
      { name: 'var/log', body: 'a file now' },
    ])
    assert.equal(tree.get('etc/a'), undefined)
    assert.equal(await textOf(tree, 'etc/b'), '1')
    assert.deepEqual(tree.names('opt'), ['new'])
    assert.deepEqual(tree.names('usr/lib'), ['two'], 'a path goes through links of the root')
    assert.equal(tree.get('lib')?.type, 'symlink')
    assert.equal(await textOf(tree, 'var/log'), 'a file now')
  })

  test('what a layer removes is what layers below have, never what it brings itself', async () => {
    const tree = new RootTree()
    await layer(tree, [
      { name: 'etc/old', body: '1' },
      { name: 'opt/old', body: '1' },
      { name: 'srv/old', body: '1' },
    ])
    await layer(tree, [
      { name: 'etc/x', body: '2' },
      { name: 'etc/.wh.x', body: '' },
      { name: 'opt/new', body: '2' },
      { name: '.wh.opt', body: '' },
      { name: '.wh.srv', body: '' },
      { name: '.wh.', body: '' },
      { name: '.wh..', body: '' },
      { name: '.wh...', body: '' },
    ])
    assert.deepEqual([...tree.below('')], ['etc', 'etc/old', 'etc/x', 'opt', 'opt/new'])
  })

  test('equal trees are equal bytes, in whatever order they were made', async () => {
    const make = async (name: string, order: readonly number[]) => {
      const tree = new RootTree()
      const shared = fileOf('shared')
      const acts = [
        () => tree.put('z/late', fileOf('late')),
        () => tree.put('a-b', fileOf('between')),
        () =>
          tree.put('a/b', {
            ...shared,
            xattrs: { 'user.two': Buffer.from('2'), 'user.one': Buffer.from('1') },
          }),
        () =>
          tree.put(`a/${'ä'.repeat(60)}`, {
            ...attributes,
            uid: 3_000_000,
            type: 'symlink',
            target: `/${'t'.repeat(150)}`,
          }),
      ]
      for (const act of order) acts[act]!()
      tree.put('hard', tree.get('z/late')!)
      await writeTar(tree, join(dir, name))
      return readFile(join(dir, name))
    }
    const first = await make('first', [0, 1, 2, 3])
    assert.ok(first.equals(await make('second', [3, 2, 1, 0])))
    const tree = new RootTree()
    await layer(tree, first)
    assert.deepEqual(
      [...tree.below('')],
      ['a', 'a/b', `a/${'ä'.repeat(60)}`, 'a-b', 'hard', 'z', 'z/late'],
    )
    assert.equal(tree.get('hard'), tree.get('z/late'))
    assert.equal(tree.get(`a/${'ä'.repeat(60)}`)?.uid, 3_000_000)
    assert.deepEqual(Object.keys(tree.get('a/b')!.xattrs!).toSorted(), ['user.one', 'user.two'])
  })

  test('names that lead out, circles and broken archives are refused in words', async () => {
    const refused = async (lines: readonly Line[] | Buffer, pattern: RegExp) =>
      assert.rejects(
        layer(new RootTree(), lines),
        (error) => error instanceof RootError && pattern.test(error.message),
        String(pattern),
      )
    await refused([{ name: '../etc/passwd', body: 'x' }], /leads out of the root/)
    await refused([{ name: 'usr/../../x', body: 'x' }], /leads out of the root/)
    await refused([{ name: '/etc/passwd', body: 'x' }], /absolute path/)
    await refused(
      [{ name: 'disk', type: 'block-device', devmajor: 8 } as Line],
      /is a device or a FIFO/,
    )
    await refused([{ name: 'h', type: 'link', linkname: 'nothing' }], /hard link to \/nothing/)
    await refused(
      [
        { name: 'l', type: 'symlink', linkname: 'm' },
        { name: 'm', type: 'symlink', linkname: 'l' },
        { name: 'l/x', body: '' },
      ],
      /circle of links/,
    )
    await refused(
      [
        { name: 'f', body: 'x' },
        { name: 'f/below', body: 'x' },
      ],
      /is a file where a directory/,
    )
    const long = { linkpath: 'a/'.repeat(200_000) }
    await refused([{ name: 'l', type: 'symlink', linkname: 'm', pax: long }], /4096 bytes/)
    const deep = 'x/'.repeat(200)
    await refused(
      [
        { name: deep, type: 'directory' },
        { name: 'l', type: 'symlink', linkname: deep },
        { name: `l/${deep}`, type: 'directory' },
      ],
      /longer than a path may be/,
    )
    await refused([{ name: 'x/'.repeat(257), type: 'directory' }], /more than 256 directories/)
    const good = await tarOf([{ name: 'f', body: 'x'.repeat(2000) }])
    await refused(good.subarray(0, 1024), /It ends within "f"/)
    await refused(Buffer.alloc(700, 0x41), /checksum|no tar archive/)
    await refused(Buffer.alloc(0), /holds nothing/)
    const broken = Buffer.from(good)
    broken[3] = 0x42
    await refused(broken, /checksum/)
    assert.throws(() => safePath(`a/${'b'.repeat(256)}`, 'x'), /more than 255 bytes/)
    assert.throws(() => safePath('a\0b', 'x'), /zero byte/)
  })

  test('any byte of an archive may be wrong: it is refused, or read, and never thrown at', async () => {
    const good = await tarOf([
      { name: `d/${'n'.repeat(150)}`, body: 'x' },
      { name: 'l', type: 'symlink', linkname: 'd' },
    ])
    for (let at = 0; at < good.length; at += 37) {
      const wrong = Buffer.from(good)
      wrong[at]! ^= 0x55
      await layer(new RootTree(), wrong).catch((error: unknown) =>
        assert.ok(error instanceof RootError, `byte ${at}: ${String(error)}`),
      )
    }
  })

  test('a device of /dev is left out: the kernel makes it', async () => {
    const tree = new RootTree()
    await layer(tree, [{ name: 'dev/console', type: 'character-device', devmajor: 5, devminor: 1 }])
    assert.equal(tree.get('dev/console'), undefined)
  })
})
