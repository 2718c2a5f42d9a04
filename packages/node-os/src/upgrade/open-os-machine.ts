import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { parseCommandLine, type ImageWords } from './command-line.ts'
import { forgetBootStarts } from './boot-starts.ts'
import { blessRunning, condemnRunning } from './end-trial.ts'
import { examineSuspects, leaveDecayed, noteSuspects } from './examine-suspects.ts'
import { installImage } from './install-image.ts'
import { type Journal, openJournal } from './journal.ts'
import { keepSeenImages, forgetLostImages } from './kept-images.ts'
import { messageLengthMax, progressBytes } from './limits.ts'
import { createMemoryFiles } from './memory-files.ts'
import { type DataPlace, OsDiskError, type OsHost } from './os-host.ts'
import type { OsActResult, OsMachine, OsState } from './os-machine.ts'
import { refusalsOfTheImage } from './os-machine.ts'
import { foldRecords } from './os-history.ts'
import { type OsRoom, look, record, repair, timeOf } from './os-room.ts'
import { keepPanics } from './panics.ts'
import { Refused, resultOf } from './refused.ts'
import { switchImage } from './switch-image.ts'
import { judge } from './tell-truth.ts'
import { isOnTrial, toOsState } from './to-os-state.ts'
import { verifyDescription } from './verify-description.ts'
import { makeDirectories } from './whole-file.ts'

export type OsMachineOptions = {
  readonly host: OsHost
  readonly clock: Clock
  readonly log: Log
  readonly progressBytes?: number | undefined
}

/**
 * The operating system of this machine: says what happened since it was last asked, mends what a power cut
 * left, and changes it from here on. Undefined on a machine that does not run from one of our images.
 */
export async function openOsMachine(options: OsMachineOptions): Promise<OsMachine | undefined> {
  const running = parseCommandLine(options.host.boot.commandLine)
  if (running === undefined) return undefined
  const room = await openRoom(options, running)
  await begin(room)
  return createMachine(room)
}

async function openRoom(options: OsMachineOptions, running: ImageWords): Promise<OsRoom> {
  const { clock, log } = options
  const { place, journal } = await openPlace(options)
  const view = { running, entries: [], slots: [], known: [], leftovers: [] }
  return {
    host: { ...options.host, data: place },
    clock,
    log,
    running,
    journal,
    view,
    progressBytes: options.progressBytes ?? progressBytes,
    history: foldRecords(journal.records),
  }
}

/** Data that cannot be used must not keep a machine from running: then the journal is in memory. */
async function openPlace({
  host,
  log,
}: OsMachineOptions): Promise<{ place: DataPlace; journal: Journal }> {
  const open = async (place: DataPlace) => {
    await makeDirectories(place.files, place.directory)
    return { place, journal: await openJournal(place, log) }
  }
  try {
    return await open(host.data)
  } catch (error) {
    if (!(error instanceof OsDiskError)) throw error
    log.error('Data cannot be used: what happens is kept in memory only', { error: error.message })
    const problem = `Data cannot be used, so that what happens is forgotten at the next restart: ${error.message}`
    const { directory } = host.data
    return open({ files: createMemoryFiles(), directory, isDurable: false, problem })
  }
}

/** One line for this boot before anything else; then what happened; then what is left of it is tidied. */
async function begin(room: OsRoom): Promise<void> {
  const { host, log } = room
  const { bootId, wasResetByWatchdog } = host.boot
  await quietly(room, 'The journal cannot be written', async () => {
    if (!room.history.bootIds.has(bootId))
      await record(room, {
        kind: 'Boot',
        time: timeOf(room),
        bootId,
        imageId: room.running.imageId,
        ...(wasResetByWatchdog === undefined ? {} : { wasReset: wasResetByWatchdog }),
      })
    await keepPanics(room)
  })
  try {
    await host.withEsp(async (esp) => {
      await look(room, esp)
      await quietly(room, 'What the initrd counted could not be read', () => noteSuspects(room))
      await judge(room)
      await repair(room, esp)
      await quietly(room, 'The kernels on the ESP could not be copied', () =>
        keepSeenImages(room, esp),
      )
      await look(room, esp)
    })
  } catch (error) {
    if (!(error instanceof OsDiskError)) throw error
    log.error('The ESP cannot be used', { error: error.message })
    room.view = { ...room.view, espProblem: `The ESP cannot be used: ${error.message}` }
  }
  await quietly(room, 'What is kept of lost images could not be removed', () =>
    forgetLostImages(room),
  )
}

async function quietly(room: OsRoom, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof OsDiskError)) throw error
    room.log.error(what, { error: error.message })
  }
}

function createMachine(room: OsRoom): OsMachine {
  const { host, clock, log } = room
  const bootTimeMs = clock.now() - host.boot.uptimeSeconds * 1000
  let busyWith: string | undefined
  const act: Act = async (what, work, signal) => {
    if (busyWith !== undefined)
      return {
        ok: false,
        reason: 'Busy',
        message: `The machine is busy with ${busyWith}: ${what} waits until that has ended.`,
      }
    busyWith = what
    try {
      return await resultOf(work, log, signal)
    } finally {
      busyWith = undefined
    }
  }
  return {
    observe: (): OsState => {
      const { view, history } = room
      const { problem } = host.data
      return toOsState({ view, history, boot: host.boot, bootTimeMs, dataProblem: problem })
    },
    install: (request, signal) =>
      act(
        'an installation',
        async () => {
          assertNoTrial(room, 'a new one is installed')
          const wasCondemned = new Set(room.history.condemned.keys())
          try {
            const description = verifyDescription(request, host.architecture)
            const { imageId } = description
            if (imageId === room.running.imageId) return
            if (room.history.suspects.has(imageId)) await examineSuspects(room, signal)
            if (room.history.condemned.has(imageId) && !wasCondemned.has(imageId))
              throw new Refused('Stopped', 'It was found to be at fault only now.')
            await installImage(room, request, description, signal)
          } catch (error) {
            await recordRefusal(room, request, error)
            throw error
          }
        },
        signal,
      ),
    switchTo: (imageId, intent) =>
      act('a switch of images', async () => {
        assertNoTrial(room, 'another is made the next to start')
        await switchImage(room, imageId, intent)
      }),
    bless: () =>
      act('keeping the running image', async () => {
        await blessRunning(room)
        await settle(room)
      }),
    condemn: (message) =>
      act('giving up the running image', async () => {
        if (!isOnTrial(room.view, room.history))
          throw new Refused('Busy', 'The running image is kept already: it is not given up.')
        await condemnRunning(room, message)
        await host.restart()
      }),
    restart: () =>
      act('a restart', async () => {
        // Whoever asks for a restart was alive to do so: it is none of those that count.
        await quietly(room, 'The count of starts could not be ended', () => settle(room))
        await host.restart()
      }),
    ...createCare(room, act),
  }
}

type Act = (what: string, work: () => Promise<void>, signal?: AbortSignal) => Promise<OsActResult>

/** What keeps an image that was good from being lost, and one that decays from being kept. */
function createCare(room: OsRoom, act: Act): Pick<OsMachine, 'settle' | 'examine'> {
  return {
    settle: () => act('ending the count of starts', () => settle(room)),
    async examine(signal) {
      const { suspects, decayed } = room.history
      if (suspects.size === 0 && !decayed.has(room.running.imageId)) return { ok: true }
      const work = async (): Promise<void> => {
        await examineSuspects(room, signal)
        if (await leaveDecayed(room)) await room.host.restart()
      }
      return act('reading slots', work, signal)
    },
  }
}

const settle = (room: OsRoom): Promise<void> =>
  forgetBootStarts(room.host.data, room.running.imageId)

function assertNoTrial({ view, history }: OsRoom, what: string): void {
  if (isOnTrial(view, history))
    throw new Refused(
      'Busy',
      `The running image is on trial: it is kept or given up before ${what}.`,
    )
}

/** What speaks against an image is an outcome of its own, said once. */
async function recordRefusal(
  room: OsRoom,
  request: Parameters<OsMachine['install']>[0],
  error: unknown,
): Promise<void> {
  if (!(error instanceof Refused)) return
  const { reason, message } = error
  if (!refusalsOfTheImage.some((each) => each === reason)) return
  const { imageId, version } = namesOf(request)
  const last = room.history.outcomes.findLast((outcome) => outcome.imageId === imageId)
  if (last?.result === 'Refused' && last.message === message) return
  await quietly(room, 'A refusal could not be written', () =>
    record(room, {
      kind: 'Outcome',
      bootId: room.host.boot.bootId,
      outcome: {
        time: timeOf(room),
        result: 'Refused',
        evidence: 'None',
        imageId,
        version,
        digest: request.digest,
        message: message.slice(0, messageLengthMax),
      },
    }),
  )
}

/** What an envelope says of itself, believed or not: for a message alone. */
function namesOf({ envelope }: Parameters<OsMachine['install']>[0]): {
  imageId: string
  version: string
} {
  const unknown = { imageId: 'unknown', version: 'unknown' }
  try {
    const payload = Buffer.from(envelope.payload, 'base64').toString('utf8')
    const value = JSON.parse(payload) as Record<string, unknown> | null
    const { imageId, version } = { ...unknown, ...value }
    const isShort = (text: unknown) => typeof text === 'string' && text.length <= 60
    return isShort(imageId) && isShort(version)
      ? { imageId: String(imageId), version: String(version) }
      : unknown
  } catch {
    return unknown
  }
}
