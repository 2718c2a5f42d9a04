import type { Envelope } from '@skerry/api/envelope'
import { isDnsLabel } from '@skerry/api/name'
import { validateSchema } from '@skerry/api/schema-validate'
import {
  type SiteLayer,
  type SiteSpec,
  type SpecVersion,
  compareSpecVersions,
  siteSpecPayloadType,
  siteSpecSchema,
} from '@skerry/api/site-spec'
import { verifyEnvelope } from '@skerry/artifact/dsse'
import { isDigest } from '@skerry/base/digest'
import type { Log } from '@skerry/base/log'
import type { Bus } from './bus.ts'
import type { TargetState } from './buses.ts'
import type { DeviceTrust } from './device-trust.ts'
import { createInOrder } from './state/in-order.ts'
import type { StateFile } from './state/state-file.ts'

/** The one door through which a site spec comes, by connection or by USB stick. */
export type TargetIntake = {
  accept(envelope: unknown): Promise<Intake>
  /** The version that is held, which the hub need not send again. */
  held(): SpecVersion | undefined
}

export type Intake =
  | { readonly ok: true; readonly isNew: boolean; readonly version: SpecVersion }
  | { readonly ok: false; readonly reason: IntakeRefusal; readonly message: string }

export type IntakeRefusal = 'NotEnrolled' | 'NotSigned' | 'NotOurs' | 'Malformed' | 'Older'

export type TargetIntakeOptions = {
  readonly trust: DeviceTrust
  readonly file: StateFile<Envelope>
  readonly bus: Bus<TargetState>
  /** What ran in full here, in case the spec itself is lost. */
  readonly applied: () => SpecVersion | undefined
  readonly log: Log
}

type Reading =
  | { readonly ok: true; readonly spec: SiteSpec }
  | { readonly ok: false; readonly reason: IntakeRefusal; readonly message: string }

export function createTargetIntake(options: TargetIntakeOptions): TargetIntake {
  const { trust, bus, log } = options
  const inOrder = createInOrder()

  /** The newest version that was held or ran here: nothing older is taken. */
  const newestHere = (): SpecVersion | undefined => {
    const held = bus.get().spec
    const applied = options.applied()
    if (held === undefined || applied === undefined) return held ?? applied
    return compareSpecVersions(held, applied) >= 0 ? held : applied
  }

  const take = async (envelope: unknown): Promise<Intake> => {
    const reading = readSigned(envelope, trust)
    if (!reading.ok) return reading
    const { spec } = reading
    const version = { epoch: spec.epoch, revision: spec.revision }
    const newest = newestHere()
    const order = newest === undefined ? 1 : compareSpecVersions(version, newest)
    if (order < 0)
      return {
        ok: false,
        reason: 'Older',
        message: `${nameOf(version)} is older than ${nameOf(newest!)}, which is here already`,
      }
    // The same version again is news only when the spec itself was lost.
    if (order === 0 && bus.get().spec !== undefined) return { ok: true, isNew: false, version }
    await options.file.write(envelope as Envelope)
    bus.set({ spec })
    log.info('A site spec came', { version: nameOf(version), layers: spec.layers.length })
    return { ok: true, isNew: true, version }
  }

  return {
    held: () => bus.get().spec,
    accept: (envelope) =>
      inOrder(async () => {
        const intake = await take(envelope)
        if (!intake.ok) {
          log.warn('A site spec was refused', { reason: intake.reason, message: intake.message })
          bus.set({ ...bus.get(), refusal: `${intake.reason}: ${intake.message}` })
        }
        return intake
      }),
  }
}

/** The spec as it was kept: it was verified when it came, and its file carries a checksum. */
export function readKeptSpec(envelope: Envelope | undefined): SiteSpec | undefined {
  if (envelope === undefined) return undefined
  const reading = parseSpec(Buffer.from(envelope.payload, 'base64'))
  return reading.ok ? reading.spec : undefined
}

function readSigned(envelope: unknown, trust: DeviceTrust): Reading {
  const enrolment = trust.get()
  if (enrolment === undefined)
    return {
      ok: false,
      reason: 'NotEnrolled',
      message: 'the device has not enrolled and trusts nobody yet',
    }
  const verified = verifyEnvelope(envelope, enrolment.trustedKeys, siteSpecPayloadType)
  if (!verified.ok) return { ok: false, reason: 'NotSigned', message: verified.message }
  const reading = parseSpec(verified.payload)
  if (!reading.ok) return reading
  const { siteUid, namespace, site } = reading.spec
  if (siteUid !== enrolment.identity.siteUid)
    return {
      ok: false,
      reason: 'NotOurs',
      message: `it is for site ${namespace}/${site} with uid ${siteUid}, not for this one`,
    }
  return reading
}

function parseSpec(payload: Uint8Array): Reading {
  const malformed = (message: string): Reading => ({ ok: false, reason: 'Malformed', message })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return malformed('the payload is not JSON')
  }
  const problem = validateSchema(siteSpecSchema, value, '')[0]
  if (problem !== undefined) return malformed(`${problem.path} ${problem.message}`)
  const spec = value as SiteSpec
  const wrong = layerProblem(spec)
  return wrong === undefined ? { ok: true, spec } : malformed(wrong)
}

/** Names and digests become names of files: they are looked at even though the hub signed them. */
function layerProblem({ layers }: SiteSpec): string | undefined {
  const names = new Set<string>()
  for (const layer of layers) {
    const { name } = layer
    if (!isDnsLabel(name)) return `layer ${JSON.stringify(name)} must have a DNS label as its name`
    if (names.has(name)) return `layer ${name} is there twice`
    names.add(name)
    if (!isDigest(layer.digest)) return `layer ${name} must have a sha256 digest`
    if (layer[layer.type] === undefined) return `layer ${name} lacks its ${layer.type}`
    const wrong = osProblem(layer)
    if (wrong !== undefined) return wrong
  }
  const systems = layers.filter((layer) => layer.type === 'os').map((layer) => layer.name)
  return systems.length > 1
    ? `layers ${systems.join(' and ')} are both of type os: a machine has one`
    : undefined
}

/** What names slots, loader entries and paths in the registry is looked at with special care. */
function osProblem({ name, os }: SiteLayer): string | undefined {
  if (os === undefined) return undefined
  if (!/^[0-9a-f]{32}$/.test(os.imageId))
    return `layer ${name} must have an imageId of 32 hexadecimal digits`
  if (!/^os(\/[a-z0-9]([-._a-z0-9]*[a-z0-9])?){2}$/.test(os.repository))
    return `layer ${name} must have a repository os/NAMESPACE/NAME`
  for (const part of ['envelope', 'root', 'kernel'] as const) {
    const { digest, sizeBytes } = os[part]
    if (!isDigest(digest)) return `layer ${name} must have a sha256 digest of its ${part}`
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1)
      return `layer ${name} must have a size of its ${part} of at least 1 byte`
  }
  return undefined
}

function nameOf(version: SpecVersion): string {
  return `epoch ${version.epoch} revision ${version.revision}`
}
