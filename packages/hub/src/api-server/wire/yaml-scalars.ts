import type { ScalarTag } from 'yaml'

/**
 * What a plain word of YAML means to Kubernetes, whose parser reads YAML 1.1: `yes` is true and `0644` is octal,
 * but `12:30:45` is no number and a date is text.
 */
export const yamlScalars: readonly (ScalarTag | 'null')[] = [
  'null',
  {
    tag: 'tag:yaml.org,2002:bool',
    default: true,
    test: /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON|n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
    resolve: (word) => /^(?:y|t|on)/i.test(word),
  },
  {
    tag: 'tag:yaml.org,2002:float',
    default: true,
    test: /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
    resolve: (word, onError) => {
      onError(`json: unsupported value: ${goName(word)}`)
      return word
    },
  },
  { tag: 'tag:yaml.org,2002:int', default: true, test: /^[-+.]?\d|^[-+]\./, resolve: readNumber },
]

function goName(word: string): string {
  if (/nan/i.test(word)) return 'NaN'
  return word.startsWith('-') ? '-Inf' : '+Inf'
}

const wholeNumber =
  /^(?<sign>[-+]?)(?:0[xX](?<hex>[\da-fA-F]+)|0[bB](?<bits>[01]+)|0[oO]?(?<octal>[0-7]+)|(?<digits>0|[1-9]\d*))$/
const fraction = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
const int64Min = -(2n ** 63n)
const uint64Max = 2n ** 64n - 1n

/** Whole numbers as bigint, so that no digit is lost; a word that is no number stays one. */
function readNumber(word: string): bigint | number | string {
  const plain = word.startsWith('.') ? word : word.replaceAll('_', '')
  const whole = wholeNumber.exec(plain)?.groups
  if (whole !== undefined) {
    const value = (whole['sign'] === '-' ? -1n : 1n) * magnitudeOf(whole)
    if (value >= int64Min && value <= uint64Max) return value
  }
  const value = fraction.test(plain) ? Number(plain) : Number.NaN
  return Number.isFinite(value) ? value : word
}

function magnitudeOf({ hex, bits, octal, digits }: Record<string, string | undefined>): bigint {
  if (hex !== undefined) return BigInt(`0x${hex}`)
  if (bits !== undefined) return BigInt(`0b${bits}`)
  return BigInt(octal === undefined ? (digits ?? '') : `0o${octal}`)
}
