import type { SkerryBlock } from '../cloud-config/skerry-keys.ts'
import { type StageHost, readText, rootOwned } from './stage-host.ts'

const path = '/etc/environment'

/** For whatever logs in or reads /etc/environment; the agent is told by itself. */
export function applyProxy(host: StageHost, { proxy, noProxy }: SkerryBlock): void {
  if (proxy === undefined) return
  const never = ['localhost', '127.0.0.1', '::1', ...(noProxy ?? [])].join(',')
  const values = [
    ['http_proxy', proxy],
    ['https_proxy', proxy],
    ['no_proxy', never],
  ].flatMap(([name = '', value]) => [
    [name, value],
    [name.toUpperCase(), value],
  ])
  const names = new Set(values.map(([name]) => name))
  const kept = (readText(host, path) ?? '')
    .split('\n')
    .filter((line) => line !== '' && !names.has(line.split('=')[0]))
  const lines = [...kept, ...values.map(([name, value]) => `${name}="${value}"`)]
  host.write(path, lines.map((line) => `${line}\n`).join(''), rootOwned(0o644))
}
