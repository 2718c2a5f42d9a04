import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { isPlainObject } from '@skerry/base/json'
import { parse } from 'yaml'

/** Where a hub is and how to show who asks. Certificates and keys are PEM. */
export type HubAddress = {
  /** `https://host:port` */
  readonly server: string
  readonly authority?: string | undefined
  readonly token?: string | undefined
  readonly clientCertificate?: string | undefined
  readonly clientKey?: string | undefined
  /** `http://host:port` of a proxy that is asked by CONNECT. */
  readonly proxy?: string | undefined
  /** The namespace of the current context. */
  readonly namespace?: string | undefined
}

/** A named entry of a kubeconfig, with the folder that its file names are relative to. */
type Entry = { readonly value: Record<string, unknown>; readonly folder: string }

type Config = {
  readonly currentContext: string
  readonly contexts: ReadonlyMap<string, Entry>
  readonly clusters: ReadonlyMap<string, Entry>
  readonly users: ReadonlyMap<string, Entry>
}

/**
 * The current context of a kubeconfig: `path`, or what KUBECONFIG lists, or `~/.kube/config`. Of
 * several files the first that names a thing wins, as with kubectl.
 */
export async function loadKubeconfig(
  path?: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<HubAddress> {
  const named = path ?? environment['KUBECONFIG'] ?? join(homedir(), '.kube', 'config')
  const paths = named.split(delimiter).filter((part) => part !== '')
  const config = mergeConfigs(await Promise.all(paths.map(readConfig)), named)
  const context = pick(config.contexts, config.currentContext, `context in ${named}`)
  const cluster = pick(config.clusters, textOf(context, 'cluster') ?? '', `cluster in ${named}`)
  const userName = textOf(context, 'user') ?? ''
  const user = userName === '' ? undefined : pick(config.users, userName, `user in ${named}`)
  return {
    server: serverOf(cluster, named),
    authority: await pemOf(cluster, 'certificate-authority'),
    proxy: textOf(cluster, 'proxy-url'),
    namespace: textOf(context, 'namespace'),
    ...(user === undefined ? {} : await credentialsOf(user, `user ${userName} in ${named}`)),
  }
}

async function readConfig(path: string): Promise<{ config: unknown; folder: string }> {
  const text = await readFile(path, 'utf8')
  return { config: parse(text), folder: dirname(resolve(path)) }
}

function mergeConfigs(
  files: readonly { config: unknown; folder: string }[],
  named: string,
): Config {
  const merged = {
    currentContext: '',
    contexts: new Map<string, Entry>(),
    clusters: new Map<string, Entry>(),
    users: new Map<string, Entry>(),
  }
  for (const { config, folder } of files) {
    if (!isPlainObject(config)) throw new Error(`${named} is not a kubeconfig.`)
    const current = config['current-context']
    if (merged.currentContext === '' && typeof current === 'string') merged.currentContext = current
    for (const [list, member] of [
      ['contexts', 'context'],
      ['clusters', 'cluster'],
      ['users', 'user'],
    ] as const)
      addEntries(merged[list], { items: config[list], member, folder })
  }
  if (merged.currentContext === '')
    throw new Error(`${named} names no current context: run kubectl config use-context.`)
  return merged
}

function addEntries(
  known: Map<string, Entry>,
  { items, member, folder }: { items: unknown; member: string; folder: string },
): void {
  if (!Array.isArray(items)) return
  for (const item of items as unknown[]) {
    if (!isPlainObject(item) || typeof item['name'] !== 'string') continue
    const value = item[member]
    if (isPlainObject(value) && !known.has(item['name'])) known.set(item['name'], { value, folder })
  }
}

function pick(entries: ReadonlyMap<string, Entry>, name: string, what: string): Entry {
  const entry = entries.get(name)
  if (entry === undefined) throw new Error(`There is no ${what} called ${JSON.stringify(name)}.`)
  return entry
}

function textOf(entry: Entry, field: string): string | undefined {
  const value = entry.value[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function serverOf(cluster: Entry, named: string): string {
  const server = textOf(cluster, 'server')
  if (server === undefined || !/^https?:\/\//.test(server))
    throw new Error(`The cluster in ${named} has no server such as https://localhost:6443.`)
  if (cluster.value['insecure-skip-tls-verify'] === true)
    throw new Error(
      `The cluster in ${named} skips the check of certificates, which Skerry never does: name its certificate-authority instead.`,
    )
  return server.replace(/\/+$/, '')
}

/** PEM from `FIELD-data` in base64, or from the file that `FIELD` names. */
async function pemOf(entry: Entry, field: string): Promise<string | undefined> {
  const data = textOf(entry, `${field}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const file = textOf(entry, field)
  return file === undefined ? undefined : readFile(resolve(entry.folder, file), 'utf8')
}

async function credentialsOf(user: Entry, what: string): Promise<Partial<HubAddress>> {
  for (const field of ['exec', 'auth-provider', 'username'])
    if (user.value[field] !== undefined)
      throw new Error(
        `The ${what} signs in by ${field}, which is not supported: use a client certificate or a token.`,
      )
  const tokenFile = textOf(user, 'tokenFile')
  const token =
    textOf(user, 'token') ??
    (tokenFile === undefined
      ? undefined
      : (await readFile(resolve(user.folder, tokenFile), 'utf8')).trim())
  return {
    token,
    clientCertificate: await pemOf(user, 'client-certificate'),
    clientKey: await pemOf(user, 'client-key'),
  }
}
