import { badRequest } from '@skerry/api/status'
import type { ApiRequest } from './authorization.ts'

/** Whom a request is to act for, as its headers say it and nobody has allowed yet. */
export type WantedUser = {
  readonly name: string
  /** Empty if none is said. */
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>
}

const extraPrefix = 'impersonate-extra-'

/** Undefined when the request is for its sender. Throws BadRequest when the name is missing. */
export function wantedUserOf({
  rawHeaders,
}: Pick<ApiRequest, 'rawHeaders'>): WantedUser | undefined {
  const [names, uids, groups]: string[][] = [[], [], []]
  const extra = new Map<string, string[]>()
  // Not from `headers`: there, two of a name are joined by a comma, which a name may hold.
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const header = rawHeaders[index]!.toLowerCase()
    const value = Buffer.from(rawHeaders[index + 1]!, 'latin1').toString('utf8')
    if (header === 'impersonate-user') names!.push(value)
    else if (header === 'impersonate-uid') uids!.push(value)
    else if (header === 'impersonate-group') groups!.push(value)
    else if (header.startsWith(extraPrefix)) {
      const key = unescapeKey(header.slice(extraPrefix.length))
      extra.set(key, [...(extra.get(key) ?? []), value])
    }
  }
  const wanted = { name: names![0] ?? '', uid: uids![0] ?? '', groups: groups!, extra }
  if (wanted.name !== '') return wanted
  if (wanted.uid !== '' || wanted.groups.length > 0 || extra.size > 0)
    throw badRequest(`requested ${inGo(wanted)} without impersonating a user name`)
  return undefined
}

/** Keys hold what headers may not, as `%2f`. What is not well escaped stays as it is. */
function unescapeKey(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** In the words in which Kubernetes complains. */
function inGo({ uid, groups, extra }: WantedUser): string {
  const list = (texts: readonly string[]) =>
    `{${texts.map((text) => JSON.stringify(text)).join(', ')}}`
  const told =
    extra.size === 0
      ? '(nil)'
      : `{${[...extra].map(([key, values]) => `${JSON.stringify(key)}:[]string${list(values)}`).join(', ')}}`
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:[]string${groups.length === 0 ? '(nil)' : list(groups)}, Extra:map[string][]string${told}}`
}
