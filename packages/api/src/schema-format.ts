import { isIP } from './ip-text.ts'

/**
 * Formats of texts that are looked at, as kube-apiserver does for custom resources. Bounded in time for
 * any text: no pattern here backtracks.
 */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isTimestamp,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text),
  uuid: (text) => uuid.test(text),
  uuid3: (text) => uuid.test(text) && digitAt(text, 12) === '3',
  uuid4: (text) => uuid.test(text) && digitAt(text, 12) === '4',
  uuid5: (text) => uuid.test(text) && digitAt(text, 12) === '5',
  ipv4: (text) => isIP(text) === 4,
  ipv6: (text) => isIP(text) === 6,
  cidr: isCidr,
  mac: (text) => /^[0-9a-fA-F]{2}([-:][0-9a-fA-F]{2}){5}$/.test(text),
  uri: isUri,
  email: (text) => text.length <= 320 && /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hostname: (text) => text.length <= 255 && text.split('.').every((part) => hostLabel.test(part)),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  duration: isDuration,
  password: () => true,
}

/** Formats that Kubernetes knows: of others it warns. */
export const knownFormats: ReadonlySet<string> = new Set([
  ...Object.keys(formats),
  'int32',
  'int64',
  'float',
  'double',
  'bsonobjectid',
  'isbn',
  'isbn10',
  'isbn13',
  'creditcard',
  'ssn',
  'rgbcolor',
  'datetime',
  'k8s-short-name',
  'k8s-long-name',
])

/** Whether a text has the format; true for a format that nobody knows. */
export function hasFormat(format: string, text: string): boolean {
  return !Object.hasOwn(formats, format) || formats[format]!(text)
}

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const hostLabel = /^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/
const timestampPattern =
  /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/

const digitAt = (text: string, index: number): string | undefined => text.replaceAll('-', '')[index]

function isTimestamp(text: string): boolean {
  return timestampPattern.test(text) && !Number.isNaN(Date.parse(text))
}

function isCidr(text: string): boolean {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const version = isIP(address)
  return (
    version !== 0 &&
    rest.length === 0 &&
    /^\d{1,3}$/.test(prefix) &&
    Number(prefix) <= (version === 4 ? 32 : 128)
  )
}

function isUri(text: string): boolean {
  return (
    /^[A-Za-z][A-Za-z0-9+.-]*:|^\//.test(text) && !/\s/.test(text) && URL.canParse(text, 'http://a')
  )
}

const durationUnit = /^\s*[-+]?\d+(\.\d+)?\s*(ns|us|µs|ms|s|m|h|d|w|[a-z]+)/i

function isDuration(text: string): boolean {
  if (text === '' || text.length > 200) return false
  let rest = text
  while (rest !== '') {
    const found = durationUnit.exec(rest)
    if (found === null) return false
    rest = rest.slice(found[0].length)
  }
  return true
}
