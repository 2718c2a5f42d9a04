import { fault } from './fault.ts'
import { hasFormat } from '../../schema-format.ts'
import type { Library } from './functions.ts'
import type { Overload } from './overload.ts'
import { bool, format, listOf, mapOf, optionalOf, string, url } from './types.ts'
import type { Type } from './types.ts'
import { Opaque, Optional, type Value } from './values.ts'

/** An absolute URL, or a path, as Go's `url.ParseRequestURI` takes them. */
function parseUrl(text: string): URL | undefined {
  if (/\s/.test(text)) return undefined
  if (text.startsWith('/')) return URL.parse(text, 'none://') ?? undefined
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(text) ? (URL.parse(text) ?? undefined) : undefined
}

type Held = { readonly url: URL; readonly isPath: boolean }

const onUrl = (result: Type, run: (held: Held) => Value): Overload[] => [
  { args: [url], result, isMember: true, run: ([value]) => run((value as Opaque<Held>).inner) },
]

function heldUrl(text: string): Opaque<Held> {
  const found = parseUrl(text)
  if (found === undefined)
    throw fault(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return new Opaque('url', text, { url: found, isPath: text.startsWith('/') })
}

const dns1123 = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const dns1035 = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/
const isSubdomain = (text: string): boolean =>
  text.length <= 253 && text.split('.').every((part) => dns1123.test(part))
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/

function isQualifiedName(text: string): boolean {
  const parts = text.split('/')
  const name = parts.at(-1)!
  return parts.length <= 2 && qualified.test(name) && (parts.length === 1 || isSubdomain(parts[0]!))
}

type Check = readonly [isGood: (text: string) => boolean, why: string]

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

const checks: Readonly<Record<string, Check>> = {
  dns1123Label: [(text) => dns1123.test(text), label],
  dns1123Subdomain: [isSubdomain, subdomain],
  dns1035Label: [(text) => dns1035.test(text), 'must be a DNS-1035 label'],
  qualifiedName: [isQualifiedName, 'must be a qualified name'],
  labelValue: [(text) => text === '' || qualified.test(text), 'must be a label value'],
  uri: [(text) => parseUrl(text) !== undefined, 'must be a URI'],
  uuid: [(text) => hasFormat('uuid', text), 'does not match the UUID format'],
  byte: [(text) => hasFormat('byte', text), 'invalid base64'],
  date: [(text) => hasFormat('date', text), 'invalid date'],
  datetime: [(text) => hasFormat('date-time', text), 'invalid datetime'],
}

const heldFormat = (name: string): Value => new Opaque('format', name, checks[name]!)

export const urlFunctions: Library = {
  url: [{ args: [string], result: url, run: ([text]) => heldUrl(text as string) }],
  isURL: [
    { args: [string], result: bool, run: ([text]) => parseUrl(text as string) !== undefined },
  ],
  getScheme: onUrl(string, ({ url: { protocol }, isPath }) =>
    isPath ? '' : protocol.slice(0, -1),
  ),
  getHost: onUrl(string, ({ url: { host } }) => host),
  getHostname: onUrl(string, ({ url: { hostname } }) => hostname.replaceAll(/^\[|\]$/g, '')),
  getPort: onUrl(string, ({ url: { port } }) => port),
  getEscapedPath: onUrl(string, ({ url: { pathname } }) => pathname),
  getQuery: onUrl(mapOf(string, listOf(string)), ({ url: { searchParams } }) => {
    const names = new Set(searchParams.keys())
    return new Map([...names].map((name) => [name, searchParams.getAll(name)]))
  }),
  ...Object.fromEntries(
    Object.keys(checks).map((name) => [
      `format.${name}`,
      [{ args: [], result: format, run: () => heldFormat(name) } satisfies Overload],
    ]),
  ),
  'format.named': [
    {
      args: [string],
      result: optionalOf(format),
      run: ([name]) =>
        new Optional(
          Object.hasOwn(checks, name as string) ? heldFormat(name as string) : undefined,
        ),
    },
  ],
  validate: [
    {
      args: [format, string],
      result: optionalOf(listOf(string)),
      isMember: true,
      run: ([held, text]) => {
        const [isGood, why] = (held as Opaque<Check>).inner
        return new Optional(isGood(text as string) ? undefined : [why])
      },
    },
  ],
}
