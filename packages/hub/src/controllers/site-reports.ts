import type { DeviceIdentity, StatusReport } from '@skerry/api/device-protocol'
import { deviceKind } from '@skerry/api/kinds/device'
import { type Site, type SiteStatus, siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { type Clock, toTimestamp } from '@skerry/base/clock'
import { toError } from '@skerry/base/assert'
import type { Log } from '@skerry/base/log'
import { updateStatus } from '@skerry/controller/update-status'
import { lastSeenEveryMs, presenceGraceMs, presenceRefreshMs, reportStreamsMax } from './limits.ts'
import { deviceFieldsOf, siteFieldsOf } from './report-fields.ts'

export type SiteReports = {
  /** The gateway tells of every connection that opens and closes. */
  onPresence(identity: DeviceIdentity, change: 'connected' | 'disconnected'): Promise<void>
  /** The gateway hands on every report that it has checked. */
  onReport(identity: DeviceIdentity, report: StatusReport): Promise<void>
  /** Says of the sites that are connected here that they were seen; until the signal aborts. */
  keepPresence(signal: AbortSignal): Promise<void>
}

type Options = { readonly state: State; readonly clock: Clock; readonly log: Log }

type Presence = { identity: DeviceIdentity; connections: number; seenMs: number }

/**
 * What sites say of themselves, written to their status by the hub process that they are connected
 * to, as the controllers `site-report` and `site-presence` declare it.
 */
export function createSiteReports(options: Options): SiteReports {
  const book = new PresenceBook(options)
  return {
    onPresence: (identity, change) =>
      change === 'connected' ? book.connected(identity) : book.disconnected(identity),
    onReport: (identity, report) => book.reported(identity, report),
    keepPresence: (signal) => book.keep(signal),
  }
}

/** Who is connected to this hub process. */
class PresenceBook {
  readonly #options: Options
  readonly #present = new Map<string, Presence>()
  /** The last write of each site that is under way. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #newest = new Map<string, { bootId: string; sequence: number }>()

  constructor(options: Options) {
    this.#options = options
  }

  async connected(identity: DeviceIdentity): Promise<void> {
    const entry = this.#seen(identity)
    entry.connections += 1
    await this.#inTurn(identity, () => this.#markOnline(entry))
  }

  async disconnected(identity: DeviceIdentity): Promise<void> {
    const entry = this.#present.get(identity.siteUid)
    if (entry === undefined) return
    entry.connections -= 1
    if (entry.connections > 0) return
    this.#present.delete(identity.siteUid)
    const { seenMs } = entry
    const nowMs = this.#options.clock.now()
    await this.#inTurn(identity, () =>
      updateSite(this.#options.state, identity, ({ status }) => {
        // Another hub process has heard from it since: it is connected there.
        const heardMs = Date.parse(status?.lastSeenTime ?? '')
        return heardMs > seenMs + 1000 && !isFromFuture(heardMs, nowMs)
          ? undefined
          : presenceFields(status, 'Offline', { nowMs, seenMs })
      }),
    )
  }

  async reported(identity: DeviceIdentity, report: StatusReport): Promise<void> {
    if (this.#present.has(identity.siteUid)) this.#seen(identity)
    await this.#inTurn(identity, () => this.#write(identity, report))
  }

  async #write(identity: DeviceIdentity, report: StatusReport): Promise<void> {
    if (this.#isOvertaken(identity, report)) return
    const { state, clock } = this.#options
    const nowMs = clock.now()
    // Its last words may be written when the site has gone; they do not bring it back.
    const seenMs = this.#present.get(identity.siteUid)?.seenMs
    await updateSite(state, identity, ({ status }) => ({
      ...(seenMs === undefined ? {} : presenceFields(status, 'Online', { nowMs, seenMs })),
      ...siteFieldsOf(report, identity.device, { before: status, nowMs }),
    }))
    const { namespace, device: name } = identity
    await updateStatus(state, deviceKind, { namespace, name }, () => deviceFieldsOf(report))
    this.#remember(identity, report)
  }

  async keep(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    while (!signal.aborted) {
      await clock.sleep(presenceRefreshMs, signal).catch(() => {})
      if (signal.aborted) return
      for (const entry of this.#present.values()) {
        if (entry.connections <= 0) continue
        entry.seenMs = clock.now()
        await this.#markOnline(entry).catch((thrown: unknown) =>
          log.warn('a site could not be marked as seen', {
            site: entry.identity.site,
            error: toError(thrown).message,
          }),
        )
      }
    }
  }

  async #markOnline({ identity, seenMs }: Presence): Promise<void> {
    await updateSite(this.#options.state, identity, ({ status }) =>
      presenceFields(status, 'Online', { nowMs: seenMs, seenMs }),
    )
  }

  /** One write after the other for each site: an "online" that is late must not undo an "offline". */
  #inTurn({ siteUid }: DeviceIdentity, write: () => Promise<void>): Promise<void> {
    const before = this.#last.get(siteUid) ?? Promise.resolve()
    const mine = before.catch(() => {}).then(write)
    this.#last.set(siteUid, mine)
    const forget = () => {
      if (this.#last.get(siteUid) === mine) this.#last.delete(siteUid)
    }
    mine.then(forget, forget)
    return mine
  }

  #seen(identity: DeviceIdentity): Presence {
    const entry = this.#present.get(identity.siteUid) ?? { identity, connections: 0, seenMs: 0 }
    entry.seenMs = this.#options.clock.now()
    this.#present.set(identity.siteUid, entry)
    return entry
  }

  /** A report that was overtaken by a newer one of the same boot says nothing any more. */
  #isOvertaken({ siteUid }: DeviceIdentity, { bootId, sequence }: StatusReport): boolean {
    const last = this.#newest.get(siteUid)
    return last?.bootId === bootId && sequence <= last.sequence
  }

  /** Only once it is written: what failed to be written may be sent again. */
  #remember({ siteUid }: DeviceIdentity, { bootId, sequence }: StatusReport): void {
    if (this.#newest.size >= reportStreamsMax) this.#newest.clear()
    this.#newest.set(siteUid, { bootId, sequence })
  }
}

/** Only the site that the device enrolled for: one of the same name made later is another. */
async function updateSite(
  state: State,
  { namespace, site: name, siteUid }: DeviceIdentity,
  change: (
    site: Site,
  ) => Partial<{ [F in keyof SiteStatus]: SiteStatus[F] | undefined }> | undefined,
): Promise<void> {
  await updateStatus(state, siteKind, { namespace, name }, (site) =>
    site.metadata.uid === siteUid ? change(site) : undefined,
  )
}

/** Since when a site is connected or not; when it was last seen, to half a minute while it is. */
export function presenceFields(
  before: SiteStatus | undefined,
  connectivity: 'Online' | 'Offline',
  { nowMs, seenMs }: { readonly nowMs: number; readonly seenMs: number },
): Pick<SiteStatus, 'connectivity' | 'connectivityChangedTime' | 'lastSeenTime'> {
  const isSame = before?.connectivity === connectivity
  const known = before?.lastSeenTime
  const knownMs = Date.parse(known ?? '')
  const isFresh =
    known !== undefined && seenMs - knownMs < lastSeenEveryMs && !isFromFuture(knownMs, seenMs)
  const lastSeenTime = isSame && isFresh ? known : toTimestamp(seenMs)
  const since = isSame ? before.connectivityChangedTime : undefined
  return { connectivity, connectivityChangedTime: since ?? toTimestamp(nowMs), lastSeenTime }
}

/**
 * Whether a time was written before the hub's clock was set back: it must not make a site seem to have
 * been heard of until the clock is there again. The clocks of several hubs differ by less.
 */
export function isFromFuture(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + presenceGraceMs
}
