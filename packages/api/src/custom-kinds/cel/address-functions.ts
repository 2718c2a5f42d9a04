import { parseIPv4, parseIPv6 } from '../../ip-text.ts'
import { fault } from './fault.ts'
import type { Library } from './functions.ts'
import type { Overload } from './overload.ts'
import { bool, cidr, int, ip, string } from './types.ts'
import type { Type } from './types.ts'
import { Opaque, type Value } from './values.ts'

/** An address as its bits, from the left. */
type Ip = { readonly version: 4 | 6; readonly bits: bigint; readonly text: string }
type Cidr = { readonly address: Ip; readonly prefix: number }

const widthOf = ({ version }: Ip): number => (version === 4 ? 32 : 128)

function parseIp(text: string): Ip | undefined {
  const four = parseIPv4(text)
  if (four !== undefined)
    return { version: 4, bits: four.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n), text }
  const six = parseIPv6(text)
  // An IPv4 address in the clothes of an IPv6 one has two names, so Kubernetes takes neither.
  if (six === undefined || text.includes('.')) return undefined
  return { version: 6, bits: six.reduce((bits, part) => (bits << 16n) | BigInt(part), 0n), text }
}

function canonicalText({ version, bits }: Ip): string {
  if (version === 4)
    return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((bits >> BigInt(112 - 16 * index)) & 0xffffn),
  )
  const [from, length] = longestZeros(groups)
  const hex = groups.map((group) => group.toString(16))
  return length < 2
    ? hex.join(':')
    : `${hex.slice(0, from).join(':')}::${hex.slice(from + length).join(':')}`
}

function longestZeros(groups: readonly number[]): [number, number] {
  let best: [number, number] = [0, 0]
  for (let from = 0; from < groups.length; from += 1) {
    let length = 0
    while (groups[from + length] === 0) length += 1
    if (length > best[1]) best = [from, length]
  }
  return best
}

function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix = '', ...more] = text.split('/')
  const found = parseIp(address)
  if (found === undefined || more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined
  return Number(prefix) <= widthOf(found) ? { address: found, prefix: Number(prefix) } : undefined
}

const heldIp = (address: Ip): Opaque<Ip> => new Opaque('ip', canonicalText(address), address)
const heldCidr = (range: Cidr): Opaque<Cidr> =>
  new Opaque('cidr', `${canonicalText(range.address)}/${range.prefix}`, range)

function ipOf(text: Value | undefined): Ip {
  const found = parseIp(text as string)
  if (found === undefined)
    throw fault(`IP Address ${JSON.stringify(text)} parse error during conversion from string`)
  return found
}

function cidrOf(text: Value | undefined): Cidr {
  const found = parseCidr(text as string)
  if (found === undefined)
    throw fault(
      `network address parse error during conversion from string: ${JSON.stringify(text)}`,
    )
  return found
}

const masked = ({ address, prefix }: Cidr): Ip => {
  const rest = BigInt(widthOf(address) - prefix)
  return { ...address, bits: (address.bits >> rest) << rest }
}

function contains(range: Cidr, address: Ip): boolean {
  const rest = BigInt(widthOf(range.address) - range.prefix)
  return (
    range.address.version === address.version && range.address.bits >> rest === address.bits >> rest
  )
}

const is = (text: string): ((address: Ip) => boolean) => {
  const ranges = text.split(' ').map((each) => parseCidr(each)!)
  return (address) => ranges.some((range) => contains(range, address))
}
const isLoopback = is('127.0.0.0/8 ::1/128')
const isUnspecified = is('0.0.0.0/32 ::/128')
const isMulticast = is('224.0.0.0/4 ff00::/8')
const isLinkLocal = is('169.254.0.0/16 fe80::/10')
const isLinkLocalMulticast = is('224.0.0.0/24 ff02::/16')
const isBroadcast = is('255.255.255.255/32')

const onIp = (result: Type, run: (address: Ip) => Value): Overload[] => [
  { args: [ip], result, isMember: true, run: ([value]) => run((value as Opaque<Ip>).inner) },
]

const onCidr = (
  args: readonly Type[],
  result: Type,
  run: (range: Cidr, other: Value) => Value,
): Overload => ({
  args: [cidr, ...args],
  result,
  isMember: true,
  run: ([value, other = null]) => run((value as Opaque<Cidr>).inner, other),
})

const inside = (range: Cidr, other: Cidr): boolean =>
  other.prefix >= range.prefix && contains(range, other.address)

export const addressFunctions: Library = {
  ip: [
    { args: [string], result: ip, run: ([text]) => heldIp(ipOf(text)) },
    onCidr([], ip, (range) => heldIp(range.address)),
  ],
  isIP: [{ args: [string], result: bool, run: ([text]) => parseIp(text as string) !== undefined }],
  'ip.isCanonical': [
    { args: [string], result: bool, run: ([text]) => canonicalText(ipOf(text)) === text },
  ],
  family: onIp(int, ({ version }) => BigInt(version)),
  isUnspecified: onIp(bool, isUnspecified),
  isLoopback: onIp(bool, isLoopback),
  isLinkLocalMulticast: onIp(bool, isLinkLocalMulticast),
  isLinkLocalUnicast: onIp(bool, isLinkLocal),
  isGlobalUnicast: onIp(
    bool,
    (address) =>
      !isUnspecified(address) &&
      !isLoopback(address) &&
      !isMulticast(address) &&
      !isLinkLocal(address) &&
      !isBroadcast(address),
  ),
  cidr: [{ args: [string], result: cidr, run: ([text]) => heldCidr(cidrOf(text)) }],
  isCIDR: [
    { args: [string], result: bool, run: ([text]) => parseCidr(text as string) !== undefined },
  ],
  containsIP: [
    onCidr([ip], bool, (range, other) => contains(range, (other as Opaque<Ip>).inner)),
    onCidr([string], bool, (range, other) => contains(range, ipOf(other))),
  ],
  containsCIDR: [
    onCidr([cidr], bool, (range, other) => inside(range, (other as Opaque<Cidr>).inner)),
    onCidr([string], bool, (range, other) => inside(range, cidrOf(other))),
  ],
  prefixLength: [onCidr([], int, ({ prefix }) => BigInt(prefix))],
  masked: [onCidr([], cidr, (range) => heldCidr({ ...range, address: masked(range) }))],
}
