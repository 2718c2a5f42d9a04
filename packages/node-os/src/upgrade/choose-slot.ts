import type { SlotName } from '@skerry/api/os/os-layout'
import type { OsRefusal } from './os-machine.ts'
import type { SlotView } from './os-view.ts'

export type SlotChoice =
  | { readonly ok: true; readonly slot: SlotName }
  | { readonly ok: false; readonly reason: OsRefusal; readonly message: string }

export type SlotWish = {
  readonly slots: readonly SlotView[]
  readonly imageId: string
  readonly needBytes: number
  /** The newest image that was found good and does not run: what the machine falls back to. */
  readonly fallback?: string | undefined
  /** Where writing this image was begun. */
  readonly begun?: string | undefined
  /** Images that may go, the worst first; one that is not named goes last. */
  readonly worst: readonly string[]
}

/** Which slot a new image goes to: never the running one, and the fallback's only where there are but two. */
export function chooseSlot(wish: SlotWish): SlotChoice {
  const { slots, fallback, needBytes } = wish
  if (!slots.some(({ isRunning }) => isRunning))
    return refuse(
      'Disk',
      'Nobody can tell which slot the running image is in, so that none is written to: restart the machine.',
    )
  const others = slots.filter(({ isRunning, problem }) => !isRunning && problem === undefined)
  const unprotected = others.filter(
    ({ imageIds }) => fallback === undefined || !imageIds.includes(fallback),
  )
  const open = unprotected.length > 0 || slots.length > 2 ? unprotected : others
  if (open.length === 0)
    return refuse(
      'Disk',
      `No slot can be written to: ${describe(slots) || 'there is but the running one'}.`,
    )
  const fitting = open.filter(({ sizeBytes }) => sizeBytes >= needBytes)
  const [best] = fitting.toSorted((a, b) => rank(a, wish) - rank(b, wish))
  if (best === undefined)
    return refuse(
      'Size',
      `The image needs a slot of ${needBytes} bytes, and ${open.map(({ name, sizeBytes }) => `${name} has ${sizeBytes}`).join(', ')}: make a smaller image, or install the machine anew with larger slots.`,
    )
  return { ok: true, slot: best.name }
}

/** The least is taken. */
function rank({ name, imageIds }: SlotView, { imageId, begun, worst }: SlotWish): number {
  if (imageIds.includes(imageId)) return 0
  if (begun === name) return 1
  if (imageIds.length === 0) return 2
  const places = imageIds.map((id) => (worst.includes(id) ? worst.indexOf(id) : worst.length))
  return 3 + Math.max(...places)
}

const describe = (slots: readonly SlotView[]): string =>
  slots
    .filter(({ problem }) => problem !== undefined)
    .map(({ name, problem }) => `${name}: ${problem}`)
    .join('; ')

const refuse = (reason: OsRefusal, message: string) => ({ ok: false, reason, message }) as const
