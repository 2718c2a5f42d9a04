import { type BootStarts, readBootStarts } from './boot-starts.ts'
import { firmwareTrust } from './firmware-trust.ts'
import { type JudgedEntry, judgeBoot } from './judge-boot.ts'
import { loaderOrder } from './loader-order.ts'
import { messageLengthMax } from './limits.ts'
import { OsDiskError } from './os-host.ts'
import { type OsRoom, record, timeOf } from './os-room.ts'
import { type OsView, knownOf, versionOf } from './os-view.ts'

/** Judges what became of what was begun, and puts it into the journal before anything is tidied away. */
export async function judge(room: OsRoom): Promise<void> {
  const { view, history, host } = room
  // Nothing is known of entries that could not be read.
  if (view.espProblem !== undefined) return
  const { imageId } = view.running
  const { bootId, secureBoot } = host.boot
  const outcomes = judgeBoot({
    time: timeOf(room),
    bootId,
    secureBoot,
    starts: await startsOf(room),
    history,
    running: { imageId, version: versionOf(view, imageId) ?? imageId.slice(0, 12) },
    entries: judgedEntries(view, host.boot.firmwareKeys),
    next: loaderOrder(view.entries)[0]?.image?.imageId,
  })
  for (const outcome of outcomes)
    room.log.info('What happened to an image', {
      version: outcome.version,
      result: outcome.result,
      evidence: outcome.evidence,
      message: outcome.message,
    })
  await record(
    room,
    ...outcomes.map(
      (outcome) =>
        ({
          kind: 'Outcome',
          bootId,
          outcome: { ...outcome, message: outcome.message.slice(0, messageLengthMax) },
        }) as const,
    ),
  )
}

/** Data that cannot be read has counted nothing. */
async function startsOf({ host, log }: OsRoom): Promise<ReadonlyMap<string, BootStarts>> {
  try {
    const starts = await readBootStarts(host.data)
    return new Map(starts.map((each) => [each.imageId, each]))
  } catch (error) {
    if (!(error instanceof OsDiskError)) throw error
    log.warn('What the initrd counted cannot be read', { error: error.message })
    return new Map()
  }
}

/** One entry for each image: an entry that the loader can read counts before one that it cannot. */
function judgedEntries(view: OsView, db: Uint8Array | undefined): JudgedEntry[] {
  const judged = new Map<string, JudgedEntry>()
  for (const entry of view.entries) {
    const owner =
      entry.image?.imageId ??
      view.known.find(({ imageId }) => imageId.startsWith(entry.prefix))?.imageId
    if (owner === undefined || entry.isHidden) continue
    const isUsable = entry.sizeBytes > 0 && entry.version !== undefined
    const version = entry.version ?? knownOf(view, owner)?.version ?? owner.slice(0, 12)
    const { tries } = entry
    const trust = firmwareTrust(entry.certificates, db)
    if (!judged.has(owner) || isUsable)
      judged.set(owner, { imageId: owner, version, isHidden: false, isUsable, tries, trust })
  }
  return [...judged.values()]
}
