import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { ApiError, badRequest, isApiError } from '@skerry/api/status'
import type { IncludeObject } from '@skerry/api/table'
import type { PageOptions, StoredText, TextPage } from '@skerry/api/text-state'
import { includeObjectOf, isPartial, sendAnswer, sendPieces } from '../wire/answer.ts'
import type { ResourceCall, ServerContext } from '../call.ts'
import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.ts'
import { columnDefinitionsText, listItemText, partialText, rowText } from '../wire/item-text.ts'
import { assertReached } from './get-handler.ts'
import { type ReadOptions, readOptionsOf, versionNumber } from './read-options.ts'
import { listOptionsOf } from './request-options.ts'

/** Sends a list, or a page of it, slice by slice as it comes from the store. */
export async function serveList(server: ServerContext, call: ResourceCall): Promise<void> {
  const read = readOptionsOf(call.query, 'list')
  const token = read.continueToken === '' ? undefined : decodeContinue(read.continueToken)
  const options = pageOptionsOf(call, read, token)
  if (options.at !== undefined) await assertReached(server, Number(options.at))
  const shape = shapeOf(server, call)
  let page: TextPage
  try {
    page = await server.texts.listTexts(call.target.kind, options)
  } catch (thrown) {
    if (!isApiError(thrown, 'Expired')) throw thrown
    return sendExpired(call, token)
  }
  if (options.at === undefined) await assertNotNewer(server, read, page)
  await sendList(server, call, pieces(shape, page))
}

async function assertNotNewer(
  server: ServerContext,
  read: ReadOptions,
  page: TextPage,
): Promise<void> {
  const asked = askedVersion(read)
  if (asked > Number(page.resourceVersion)) await assertReached(server, asked)
}

function askedVersion({ resourceVersion }: ReadOptions): number {
  return versionNumber(resourceVersion, (why) => badRequest(`invalid resource version: ${why}`))
}

function pageOptionsOf(
  call: ResourceCall,
  read: ReadOptions,
  token: ContinueToken | undefined,
): PageOptions {
  const list = listOptionsOf(call)
  const limit = read.limit > 0 ? read.limit : undefined
  const asked = askedVersion(read)
  if (token !== undefined) {
    if (asked > 0)
      throw badRequest('specifying resource version is not allowed when using continue')
    const at = token.version < 0 ? undefined : String(token.version)
    return { ...list, limit, after: token.after, at, remaining: token.remaining }
  }
  // A kube-apiserver answers version 0 from its cache, which knows no pages.
  if (read.resourceVersion === '0') return list
  const isExact = read.match === 'Exact' || (read.match === '' && limit !== undefined)
  return { ...list, limit, at: isExact && asked > 0 ? String(asked) : undefined }
}

const inconsistent =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'

/** The version is no longer kept. Who was in the middle of a list is given a token to go on with what is there now. */
async function sendExpired(call: ResourceCall, token: ContinueToken | undefined): Promise<void> {
  if (token === undefined)
    throw new ApiError('Expired', 'The resourceVersion for the provided list is too old.')
  const { status } = new ApiError('Expired', inconsistent)
  const again = encodeContinue({ ...token, version: -1, remaining: undefined })
  await sendAnswer(call, { code: 410, body: { ...status, metadata: { continue: again } } })
}

type Shape = {
  /** Up to the first item. */
  readonly opening: string
  readonly itemText: (item: StoredText) => string
  /** Whether what ends the list always has `continue`, as with custom resources. */
  readonly hasContinue: boolean
}

function shapeOf({ clock }: ServerContext, { target, accepted, query }: ResourceCall): Shape {
  const { kind } = target
  const hasContinue = kind.isBuiltIn !== true
  if (accepted.as === 'Table') {
    const options = { nowMs: clock.now(), includeObject: includeObjectOf(query) }
    return tableShape(kind, options)
  }
  if (isPartial(accepted.as))
    return {
      opening: `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[`,
      itemText: (item) => partialText(kind, item),
      hasContinue: false,
    }
  const type = { kind: kind.listKind ?? `${kind.kind}List`, apiVersion: apiVersionOf(kind) }
  return {
    opening: `${JSON.stringify(type).slice(0, -1)},"items":[`,
    itemText: (item) => listItemText(kind, item),
    hasContinue,
  }
}

function tableShape(
  kind: AnyKind,
  options: { readonly nowMs: number; readonly includeObject: IncludeObject },
): Shape {
  return {
    opening: `{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":${columnDefinitionsText(kind)},"rows":[`,
    itemText: (item) => rowText(kind, item, options),
    hasContinue: false,
  }
}

/** The text of the list. What it says of itself comes last, for only then it is known. */
async function* pieces(shape: Shape, page: TextPage): AsyncGenerator<string, void> {
  let separator = shape.opening
  for await (const slice of page.slices) {
    yield `${separator}${slice.map(shape.itemText).join(',')}`
    separator = ','
  }
  const start = separator === ',' ? '' : shape.opening
  yield `${start}],"metadata":${JSON.stringify(metadataOf(shape, page))}}\n`
}

function metadataOf({ hasContinue }: Shape, page: TextPage): object {
  const { resourceVersion } = page
  const after = page.next()
  if (after === undefined) return { ...(hasContinue ? { continue: '' } : {}), resourceVersion }
  const remaining = page.remainingItemCount()
  const version = Number(resourceVersion)
  return {
    continue: encodeContinue({ version, after, remaining }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
    resourceVersion,
  }
}

async function sendList(
  { clock }: ServerContext,
  call: ResourceCall,
  texts: AsyncGenerator<string, void>,
): Promise<void> {
  const { request, response, accepted } = call
  try {
    if (accepted.format === 'yaml') {
      let text = ''
      for await (const piece of texts) text += piece
      return await sendAnswer(call, { code: 200, body: JSON.parse(text) })
    }
    response.setHeader('Cache-Control', 'no-cache, private')
    response.setHeader('Content-Type', 'application/json')
    await sendPieces({ request, response }, texts, clock)
  } finally {
    await texts.return()
  }
}
