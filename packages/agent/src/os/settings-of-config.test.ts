import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { NodeConfig } from '@skerry/node-os/stages/node-config'
import { settingsOfConfig } from './settings-of-config.ts'

const config: NodeConfig = {
  hub: 'https://hub.example:7443',
  token: 't',
  site: 'one',
  namespace: 'depots',
  proxy: 'http://proxy:3128',
  noProxy: [],
  ntp: [],
  caCertificatesFile: undefined,
  services: ['pump'],
  checks: [{ name: 'cold', command: 'test -e /run/cold', timeoutSeconds: 7 }],
  files: [],
}

it('checks are run by the shell, each with its deadline', () => {
  assert.deepEqual(settingsOfConfig(config).checks, [
    { name: 'cold', command: ['/bin/sh', '-c', 'test -e /run/cold'], limitMs: 7000 },
  ])
})

it('a hub that is exempt is reached without the proxy', () => {
  const proxyOf = (more: Partial<NodeConfig>) => settingsOfConfig({ ...config, ...more }).proxy
  assert.equal(proxyOf({}), 'http://proxy:3128')
  assert.equal(proxyOf({ noProxy: ['other', '.example'] }), undefined)
  assert.equal(proxyOf({ noProxy: ['*'] }), undefined)
  assert.equal(proxyOf({ hub: 'https://localhost:7443' }), undefined)
  assert.equal(proxyOf({ hub: undefined }), 'http://proxy:3128')
})
