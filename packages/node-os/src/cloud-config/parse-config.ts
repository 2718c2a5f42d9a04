import type { Finding, FindingCode, Position } from './finding.ts'
import { configBytesMax, findingsPerFileMax } from './limits.ts'
import type { Located, LocatedMap } from './located.ts'
import { nearestName } from '@skerry/base/nearest-name'
import { parseYaml } from './parse-yaml.ts'
import type { ReadContext } from './readers.ts'
import {
  type StagePart,
  isStagePart,
  stageParts,
  unbuiltStageAdvice,
  unbuiltStageNames,
} from './stage-names.ts'
import { type Step, stepReader } from './step-keys.ts'
import { remoteKeys } from './remote-keys.ts'
import { suspiciousTemplates } from './suspicious-templates.ts'
import { type TopBlock, stepsOfTop } from './steps-of-top.ts'
import { topReader } from './top-keys.ts'

/** One file as it was understood. */
export type ConfigDocument = {
  readonly file: string
  readonly stages: ReadonlyMap<StagePart, readonly Step[]>
  /** Top-level values that are merged over all files. */
  readonly skerry: Located | undefined
  readonly findings: readonly Finding[]
}

export const headers = ['#cloud-config', '#kairos-config', '#node-config'] as const

/** Reads one file. Whatever is wrong becomes a finding; the rest of the file still counts. */
export function parseConfig(bytes: Uint8Array, file: string): ConfigDocument {
  const findings: Finding[] = []
  const context: ReadContext = {
    path: '',
    say: (finding) => {
      if (findings.length < findingsPerFileMax) findings.push(finding)
    },
  }
  const stages = new Map<StagePart, Step[]>()
  const done = (skerry?: Located): ConfigDocument => ({ file, stages, skerry, findings })
  const decoded = decode(bytes, file)
  if (!decoded.ok) {
    findings.push(decoded.finding)
    return done()
  }
  const parsed = parseYaml(decoded.text, file)
  findings.push(...parsed.findings)
  if (parsed.root === undefined) return done()
  if (parsed.root.kind !== 'map') {
    findings.push(unreadable(parsed.root.at, 'a configuration is a map of keys', 'Unreadable'))
    return done()
  }
  const root = headerOf(decoded.text) === undefined ? stagesOnly(parsed.root, context) : parsed.root
  const top: TopBlock = topReader.read(root, context) ?? {}
  for (const [stage, step] of stepsOfTop(top, root.at)) push(stages, stage, step)
  const list = root.entries.get('stages')?.value
  if (list?.kind === 'map') readStages(list, { name: top.name ?? file, context, stages })
  for (const steps of stages.values())
    for (const step of steps)
      for (const finding of [...suspiciousTemplates(step), ...remoteKeys(step)])
        context.say(finding)
  return done(root.entries.get('skerry')?.value)
}

/** Comments and blank lines may stand before the header, within the first ten lines. */
export function headerOf(text: string): string | undefined {
  for (const line of text.split('\n', 10)) {
    const trimmed = line.trimEnd()
    const header = headers.find((each) => each === trimmed)
    if (header !== undefined) return header
    if (trimmed !== '' && !trimmed.startsWith('#')) return undefined
  }
  return undefined
}

function stagesOnly(root: LocatedMap, context: ReadContext): LocatedMap {
  const kept = ['name', 'stages']
  const entries = [...root.entries]
  const ignored = entries.find(([name]) => !kept.includes(name))
  if (ignored !== undefined)
    context.say({
      severity: 'error',
      code: 'Suspicious',
      at: ignored[1].keyAt,
      path: ignored[0],
      message: `the file does not begin with ${headers[0]}, so only name and stages count, as in Kairos`,
      advice: `make ${headers[0]} its first line`,
    })
  return { ...root, entries: new Map(entries.filter(([name]) => kept.includes(name))) }
}

type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly finding: Finding }

function decode(bytes: Uint8Array, file: string): Decoded {
  const at = { file, line: 1, column: 1 }
  const refuse = (message: string, advice?: string): Decoded => ({
    ok: false,
    finding: unreadable(at, message, 'Unreadable', advice),
  })
  if (bytes.length > configBytesMax)
    return refuse(
      `has ${bytes.length} bytes, and at most ${configBytesMax} are read`,
      'split it up',
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('is no text in UTF-8')
  }
  if (text.startsWith('#!'))
    return refuse('is a script and no configuration', 'put it under runcmd of a #cloud-config file')
  if (/^(Content-Type|MIME-Version):/im.test(text.slice(0, 500)))
    return refuse('is a MIME message of several parts', 'keep its #cloud-config part in a file')
  if (text.includes('\0')) return refuse('holds zero bytes')
  return { ok: true, text }
}

function unreadable(at: Position, message: string, code: FindingCode, advice?: string): Finding {
  return {
    severity: 'error',
    code,
    at,
    path: '',
    message,
    advice: advice ?? 'nothing of this file is used until it is mended',
  }
}

type StageTarget = {
  readonly name: string
  readonly context: ReadContext
  readonly stages: Map<StagePart, Step[]>
}

function readStages(list: LocatedMap, { name: owner, context, stages }: StageTarget): void {
  for (const [stage, { keyAt, value }] of list.entries) {
    const path = `stages.${stage}`
    if (!isStagePart(stage)) {
      context.say(ignoredStage(stage, path, keyAt))
      continue
    }
    if (value.kind === 'scalar' && value.value === null) continue
    if (value.kind !== 'list') {
      context.say({
        severity: 'error',
        code: 'WrongValue',
        at: value.at,
        path,
        message: 'must be a list of steps, each beginning with a dash',
        advice: 'this stage is left out',
      })
      continue
    }
    for (const [index, item] of value.items.entries()) {
      const step = stepReader.read(item, { ...context, path: `${path}[${index}]` })
      if (step !== undefined)
        push(stages, stage, {
          ...step,
          at: item.at,
          id: `${owner}.${step.name ?? index}`,
          label: step.name ?? `step ${index + 1}`,
        })
    }
  }
}

function ignoredStage(stage: string, path: string, at: Position): Finding {
  const advice = unbuiltStageAdvice(stage)
  const common = { severity: 'warning', at, path } as const
  if (advice !== undefined)
    return {
      ...common,
      code: 'NotBuilt',
      message: `stage ${stage} is known and not built yet: it is never run`,
      advice,
    }
  const nearest = nearestName(stage, [...stageParts, ...unbuiltStageNames])
  return {
    ...common,
    code: 'UnknownKey',
    message: `there is no stage ${JSON.stringify(stage.slice(0, 60))}: it is never run`,
    advice: `${nearest === undefined ? '' : `did you mean ${nearest}? `}stages are rootfs, initramfs, boot, fs, network and reconcile, each also with .before and .after`,
  }
}

function push(stages: Map<StagePart, Step[]>, stage: StagePart, step: Step): void {
  const steps = stages.get(stage)
  if (steps === undefined) stages.set(stage, [step])
  else steps.push(step)
}
