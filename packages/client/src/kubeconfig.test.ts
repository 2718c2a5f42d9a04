import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, it } from 'node:test'
import { loadKubeconfig } from './kubeconfig.ts'

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-kubeconfig-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const minimal = (more = ''): string => `
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: c, user: u, namespace: shops}}]
clusters: [{name: c, cluster: {server: "https://hub:6443/", certificate-authority: ca.pem}}]
users: [{name: u, user: {token: abc}}]
${more}`

describe('a kubeconfig', () => {
  it('carries certificates and a proxy within itself, in YAML or JSON', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'config')
      const encoded = (pem: string) => Buffer.from(pem).toString('base64')
      const server = 'https://127.0.0.1:6443'
      const cluster = {
        server,
        'certificate-authority-data': encoded('authority\n'),
        'proxy-url': 'http://proxy:3128',
      }
      const user = {
        'client-certificate-data': encoded('cert\n'),
        'client-key-data': encoded('key\n'),
      }
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
        'current-context': 'x',
      }
      await writeFile(path, JSON.stringify(config))
      assert.deepEqual(await loadKubeconfig(path), {
        server,
        authority: 'authority\n',
        clientCertificate: 'cert\n',
        clientKey: 'key\n',
        token: undefined,
        proxy: 'http://proxy:3128',
        namespace: 'default',
      })
    }))
  it('names files relative to itself', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'ca.pem'), 'PEM')
      await writeFile(join(folder, 'token'), 'from a file\n')
      const path = join(folder, 'config')
      await writeFile(path, minimal())
      const read = await loadKubeconfig(path)
      assert.deepEqual(
        [read.server, read.authority, read.token, read.namespace],
        ['https://hub:6443', 'PEM', 'abc', 'shops'],
      )
      await writeFile(path, minimal().replace('{token: abc}', '{tokenFile: token}'))
      assert.equal((await loadKubeconfig(path)).token, 'from a file')
    }))
  it('is found by KUBECONFIG, of whose files the first wins', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'other'))
      const first = join(folder, 'first')
      const second = join(folder, 'other', 'second')
      await writeFile(
        first,
        'current-context: here\nusers: [{name: u, user: {token: first}}]\ncontexts: null\n',
      )
      await writeFile(join(folder, 'other', 'ca.pem'), 'PEM')
      await writeFile(second, minimal())
      const read = await loadKubeconfig(undefined, { KUBECONFIG: [first, second].join(delimiter) })
      assert.deepEqual([read.token, read.authority], ['first', 'PEM'])
    }))
  it('is refused with a reason', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'config')
      const refuses = async (text: string, pattern: RegExp): Promise<void> => {
        await writeFile(path, text)
        await assert.rejects(loadKubeconfig(path), pattern)
      }
      await refuses('just text', /is not a kubeconfig/)
      await refuses('', /is not a kubeconfig/)
      await refuses('{}', /names no current context/)
      await refuses('current-context: x', /There is no context in .* called "x"/)
      await refuses(minimal().replace('cluster: c,', 'cluster: d,'), /no cluster in .* called "d"/)
      await refuses(minimal().replace('user: u,', 'user: v,'), /no user in .* called "v"/)
      await refuses(minimal().replace('https://hub', 'ftp://hub'), /has no server such as https/)
      await refuses(minimal(), /ENOENT.*ca\.pem/)
      const insecure = minimal().replace(
        'certificate-authority: ca.pem',
        'insecure-skip-tls-verify: true',
      )
      await refuses(insecure, /skips the check of certificates/)
      const exec = insecure
        .replace('insecure-skip-tls-verify: true', '')
        .replace('{token: abc}', '{exec: {command: x}}')
      await refuses(exec.replace(', }', '}'), /signs in by exec, which is not supported/)
      await assert.rejects(loadKubeconfig(join(folder, 'none')), /ENOENT/)
    }))
})
