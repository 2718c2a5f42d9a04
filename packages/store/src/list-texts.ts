import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { ObjectKey } from '@skerry/api/object'
import type { PageOptions, StoredText, TextPage } from '@skerry/api/text-state'
import type { Ledger, Place, Slice, SliceQuery } from './ledger.ts'
import { keptKindOf, shownText } from './shown-text.ts'
import { isNarrowed, matches } from './watch-filter.ts'

/** A page of a list: what matches, up to the limit, and where the next page begins. */
export async function listTexts(
  ledger: Ledger,
  kind: AnyKind,
  options: PageOptions,
): Promise<TextPage> {
  const { limit, remaining } = options
  const isTold = limit !== undefined && !isNarrowed(options)
  const isCounted = isTold && remaining === undefined
  const slices = ledger.slices(sliceQueryOf(kind, options, isCounted))[Symbol.asyncIterator]()
  const first = await slices.next()
  if (first.done === true) throw new Error('Broken assumption: a list has a first slice')
  const { version } = first.value
  const total = remaining ?? first.value.total
  const page: Page = { taken: 0, cut: undefined }
  return {
    resourceVersion: String(version),
    slices: pageSlices({ kind, options, page }, first.value, slices),
    next: () => page.cut,
    remainingItemCount: () =>
      page.cut === undefined || !isTold || total === undefined
        ? undefined
        : Math.max(1, total - page.taken),
  }
}

type Page = { taken: number; cut: ObjectKey | undefined }
type Paging = { readonly kind: AnyKind; readonly options: PageOptions; readonly page: Page }

function sliceQueryOf(kind: AnyKind, options: PageOptions, isCounted: boolean): SliceQuery {
  const { limit, after, at } = options
  return {
    resource: resourceName(keptKindOf(kind)),
    options,
    isCounted,
    ...(at === undefined ? {} : { at: Number(at) }),
    ...(after === undefined ? {} : { after: placeOf(after) }),
    // One more than fits says whether there is more.
    ...(limit === undefined ? {} : { items: limit + 1 }),
  }
}

async function* pageSlices(
  { kind, options, page }: Paging,
  first: Slice,
  rest: AsyncIterator<Slice>,
): AsyncGenerator<readonly StoredText[]> {
  const { limit = Number.POSITIVE_INFINITY } = options
  const unlabelled = { ...options, labelSelector: undefined }
  let last: Place | undefined
  let slice: Slice | undefined = first
  try {
    while (slice !== undefined) {
      const texts: StoredText[] = []
      for (const { place, kept, isLabelled } of slice.items) {
        const text = shownText(kind, kept)
        if (!matches(text, place, isLabelled ? unlabelled : options)) continue
        if (page.taken === limit) {
          page.cut = keyOf(last!)
          break
        }
        page.taken += 1
        last = place
        texts.push(text)
      }
      if (texts.length > 0) yield texts
      if (page.cut !== undefined) return
      const next = await rest.next()
      slice = next.done === true ? undefined : next.value
    }
  } finally {
    await rest.return?.()
  }
}

const placeOf = ({ namespace = '', name }: ObjectKey): Place => ({ namespace, name })

const keyOf = ({ namespace, name }: Place): ObjectKey =>
  namespace === '' ? { name } : { namespace, name }
