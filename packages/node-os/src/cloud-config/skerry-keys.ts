import {
  type Infer,
  type Reader,
  flag,
  list,
  record,
  supported,
  text,
  wholeNumber,
} from './readers.ts'

const url = (protocol: string): Reader<string> =>
  text({
    pattern: new RegExp(`^${protocol}://[^\\s/?#]+`),
    rule: `an address such as ${protocol}://host:port`,
  })

const address = /^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)$/
const ip = text({ pattern: address, rule: 'an IP address' })
const network = text({
  pattern: new RegExp(`${address.source.slice(0, -1)}/[0-9]{1,3}$`),
  rule: 'an IP address with its prefix, such as 192.168.1.5/24',
})

export const interfaceKeys = {
  name: supported(text({ pattern: /^[\w.*?-]{1,15}$/, rule: 'name of an interface' })),
  mac: supported(
    text({ pattern: /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, rule: 'a MAC address in quotes' }),
  ),
  dhcp: supported(flag, 'default true where there are no addresses'),
  addresses: supported(list(network)),
  gateway: supported(ip),
  dns: supported(list(ip)),
  mtu: supported(wholeNumber(576, 65_535)),
}

export const networkKeys = {
  interfaces: supported(list(record(interfaceKeys))),
}

export const checkKeys = {
  name: supported(text()),
  command: supported(text()),
  timeoutSeconds: supported(wholeNumber(1, 600), 'default 30'),
}

export const skerryKeys = {
  hub: supported(url('https'), 'address of the hub'),
  token: supported(
    text({
      pattern: /^\S{1,600}$/,
      rule: 'a join token as `skerry token create` prints it',
      isSecret: true,
    }),
    'join token; needed until the machine has joined',
  ),
  site: supported(
    text({ pattern: /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, rule: 'name of a site' }),
  ),
  namespace: supported(
    text({ pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, rule: 'name of a namespace' }),
    'default `default`',
  ),
  proxy: supported(url('http'), 'for the agent, and in /etc/environment'),
  noProxy: supported(list(text()), 'localhost is always among them'),
  network: supported(record(networkKeys), 'systemd-networkd where it is, else busybox'),
  ntp: supported(list(text()), 'timesyncd where it is, else asked by the agent'),
  caCertificates: supported(
    list(
      text({
        pattern: /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/,
        rule: 'a certificate as PEM',
      }),
    ),
    "added to the root's and to the agent's",
  ),
  persistentPaths: supported(
    list(text({ pattern: /^\/[^\0\n]+$/, rule: 'an absolute path' })),
    'folders that live on the data partition',
  ),
  services: supported(list(text()), 'must run before an image counts as healthy'),
  checks: supported(
    list(record(checkKeys, { required: ['name', 'command'] })),
    'commands that must succeed before an image counts as healthy',
  ),
}

export const skerryReader = record(skerryKeys)
/** What a machine is told of its hub, network and health, merged from all files. */
export type SkerryBlock = Infer<typeof skerryReader>
export type NetworkInterface = Infer<ReturnType<typeof interfaceReader>>
export const interfaceReader = () => record(interfaceKeys)
