import { valueAt } from '@skerry/api/kind'
import type { Clock } from '@skerry/base/clock'
import { digestText } from './digest-text.ts'
import { settleMs, settlePollMs } from './limits.ts'
import { type Names, maskAnswer } from './mask.ts'
import type { Answer, Row, Step } from './row.ts'
import type { Client, Request } from './send.ts'

/** One run of the table against one server. */
export type Run = {
  readonly client: Client
  readonly clock: Clock
  /** Five characters that make the names of this run its own. */
  readonly suffix: string
}

/** Stands for the answer of a step that only prepares. */
const prepared: Answer = { code: 0, headers: {} }

/** The answers of a server to a row, masked. Throws when a step that only prepares fails. */
export async function runRow(run: Run, row: Row): Promise<Answer[]> {
  const names: Record<string, string> = namesOf(run, row)
  const answers: Answer[] = []
  if (JSON.stringify(row.steps).includes('{own}')) await makeNamespace(run, names['own']!)
  for (const [index, step] of row.steps.entries()) {
    const answer = await ask(run, step, names)
    for (const [name, path] of Object.entries(step.keep ?? {}))
      names[`$${name}`] = textAt(answer.body, path)
    answers.push(step.quiet === undefined ? maskAnswer(answer, names) : prepared)
    if (step.quiet !== undefined && answer.code >= 300)
      throw new Error(
        `${run.client.label}: step ${index} of "${row.name}" only prepares and was answered with ${answer.code}: ${JSON.stringify(answer.body)}`,
      )
  }
  return answers
}

function textAt(body: unknown, path: string): string {
  const value = valueAt(body, path)
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}

/** Names of equal length in every run, so that messages about lengths are equal too. */
function namesOf({ suffix }: Run, row: Row): Record<string, string> {
  const id = `c${suffix}-${digestText(row.name)}`
  return { id, own: `${id}-own`, ns: sharedNamespace(suffix) }
}

export function sharedNamespace(suffix: string): string {
  return `conformance-${suffix}`
}

export async function makeNamespace({ client }: Run, name: string): Promise<void> {
  const body = Buffer.from(
    JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
  )
  const headers = { 'content-type': 'application/json' }
  const answer = await client.send({ method: 'POST', path: '/api/v1/namespaces', headers, body })
  if (answer.code !== 201 && answer.code !== 409)
    throw new Error(`${client.label}: no namespace ${name}: ${JSON.stringify(answer)}`)
}

async function ask(run: Run, step: Step, names: Names): Promise<Answer> {
  const request = requestOf(step, names)
  const deadlineMs = run.clock.monotonicMs() + settleMs
  for (;;) {
    const answer = await run.client.send(request)
    if (step.until === undefined || answer.code === step.until) return answer
    if (run.clock.monotonicMs() > deadlineMs) return answer
    await run.clock.sleep(settlePollMs)
  }
}

function requestOf(step: Step, names: Names): Request {
  const fill = (text: string): string =>
    text.replaceAll(/\{(\$?\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(names, name) ? names[name]! : whole,
    )
  const [, method = 'GET', path = step.ask] = /^([A-Z]+) (.*)$/.exec(step.ask) ?? []
  const text = step.text ?? (step.body === undefined ? undefined : JSON.stringify(step.body))
  const body =
    step.bytes !== undefined
      ? Buffer.from(step.bytes, 'base64')
      : text === undefined
        ? undefined
        : Buffer.from(fill(text))
  const type = step.type ?? (body === undefined ? undefined : 'application/json')
  return {
    method,
    path: fill(path),
    headers: {
      ...(type === undefined || type === '' ? {} : { 'content-type': type }),
      accept: step.accept ?? 'application/json',
      ...Object.fromEntries(
        Object.entries(step.headers ?? {}).map(([name, value]) => [name, fill(value)]),
      ),
    },
    body,
    events: step.events,
  }
}
