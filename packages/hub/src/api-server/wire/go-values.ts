import { badRequest } from '@skerry/api/status'

/** Base64 on one line; throws BadRequest in Go's words. */
export function decodeBase64(text: string): string {
  const plain = /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]/g, '') : text
  const good = /^[A-Za-z0-9+/]*/.exec(plain)![0].length
  const whole = good - (good % 4)
  const rest = plain.slice(whole)
  if (rest === '' || /^(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$/.test(rest)) return plain
  const at = good === plain.length || plain[good] === '=' ? plain.length : good
  throw badRequest(`illegal base64 data at input byte ${at}`)
}

const layouts = {
  seconds: '2006-01-02T15:04:05Z07:00',
  micro: '2006-01-02T15:04:05.000000Z07:00',
} as const

/** What a layout asks for, part by part: its text and what fits it. */
const parts: readonly (readonly [string, RegExp])[] = [
  ['2006', /\d{4}/y],
  ['-', /-/y],
  ['01', /\d\d/y],
  ['-', /-/y],
  ['02', /\d\d/y],
  ['T', /T/y],
  ['15', /\d\d/y],
  [':', /:/y],
  ['04', /\d\d/y],
  [':', /:/y],
  ['05', /\d\d/y],
]
const zone: readonly [string, RegExp] = ['Z07:00', /Z|[+-]\d\d:\d\d/y]
const micro: readonly [string, RegExp] = ['.000000', /\.\d{6}/y]
const fraction: readonly [string, RegExp] = ['', /(?:[.,]\d+)?/y]

/** A time in UTC with whole seconds or microseconds; throws BadRequest in Go's words. */
export function decodeTime(text: string, isMicro: boolean): string {
  let at = 0
  for (const [layout, pattern] of [...parts, isMicro ? micro : fraction, zone]) {
    pattern.lastIndex = at
    if (!pattern.test(text)) throw unparsable(text, isMicro, [text.slice(at), layout])
    at = pattern.lastIndex
  }
  const epochMs = Date.parse(text)
  if (at < text.length || Number.isNaN(epochMs))
    throw unparsable(text, isMicro, at < text.length ? [text.slice(at)] : [])
  if (text.endsWith('Z') && text.length === (isMicro ? 27 : 20)) return text
  const utc = new Date(epochMs).toISOString().slice(0, 19)
  const digits = isMicro ? /\.(\d{6})/.exec(text)![0] : ''
  return `${utc}${digits}Z`
}

function unparsable(text: string, isMicro: boolean, [rest, layout]: readonly string[]): Error {
  const whole = `parsing time ${JSON.stringify(text)}`
  if (rest === undefined) return badRequest(`${whole}: out of range`)
  return badRequest(
    layout === undefined
      ? `${whole}: extra text: ${JSON.stringify(rest)}`
      : `${whole} as ${JSON.stringify(isMicro ? layouts.micro : layouts.seconds)}: cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(layout)}`,
  )
}
