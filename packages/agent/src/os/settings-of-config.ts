import type { NodeConfig } from '@skerry/node-os/stages/node-config'
import type { NodeSettings } from './node-settings.ts'

/** What of the machine's cloud-config its agent acts on. */
export function settingsOfConfig(config: NodeConfig): NodeSettings {
  const { hub, token, site, namespace, proxy, services, checks } = config
  return {
    hub,
    token,
    site,
    namespace,
    services,
    proxy: hub === undefined || !isExempt(new URL(hub).hostname, config) ? proxy : undefined,
    checks: checks.map(({ name, command, timeoutSeconds }) => ({
      name,
      command: ['/bin/sh', '-c', command],
      limitMs: timeoutSeconds * 1000,
    })),
  }
}

/** Whether the hub is reached without the proxy. */
function isExempt(host: string, { noProxy }: Pick<NodeConfig, 'noProxy'>): boolean {
  const names = ['localhost', '127.0.0.1', '[::1]', ...noProxy]
  return names
    .map((name) => name.trim().replace(/^\./, ''))
    .some((name) => name === '*' || (name !== '' && (host === name || host.endsWith(`.${name}`))))
}
