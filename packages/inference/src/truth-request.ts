import { isPlainObject } from '@skerry/base/json'
import type { AnswerMemory } from './answer-memory.ts'
import { type InferenceLimits, idCharactersMax } from './limits.ts'
import { quote } from './quote.ts'
import { type RequestProblem, badRequest } from './request-problem.ts'

/** One truth: the true label of each row of an answer. */
export type Truth = { readonly id: string; readonly labels: readonly string[] }
type Truths = { readonly ok: true; readonly truths: Truth[]; readonly isList: boolean }

/** Reads `{"id": …, "label": …}` or `{"truths": [{"id": …, "label": …}, …]}`. */
export function readTruths(
  bytes: Buffer,
  limits: Pick<InferenceLimits, 'truthsPerRequestMax'>,
): Truths | RequestProblem {
  let document: unknown
  try {
    document = JSON.parse(bytes.toString('utf8'))
  } catch {
    return badRequest('the body is not JSON: send {"id": "…", "label": "7"}')
  }
  const list = isPlainObject(document) ? document['truths'] : undefined
  const items = list === undefined ? [document] : list
  if (!Array.isArray(items))
    return badRequest(`truths is ${quote(list)}: it must be a list of {"id": "…", "label": "7"}`)
  if (items.length > limits.truthsPerRequestMax)
    return badRequest(
      `truths has ${items.length} items: send at most ${limits.truthsPerRequestMax} at once`,
    )
  const truths: Truth[] = []
  for (const [index, item] of items.entries()) {
    const truth = readTruth(item, list === undefined ? '' : `truths[${index}].`)
    if ('ok' in truth) return truth
    truths.push(truth)
  }
  return { ok: true, truths, isList: list !== undefined }
}

function readTruth(item: unknown, path: string): Truth | RequestProblem {
  if (!isPlainObject(item))
    return badRequest(
      `${path || 'the body '}is ${quote(item)}: it must be {"id": "…", "label": "7"}`,
    )
  const id = item['id']
  if (typeof id !== 'string' || id === '' || id.length > idCharactersMax)
    return badRequest(`${path}id is ${quote(id)}: it must be the id of an answer`)
  const label = item['label']
  const labels: unknown[] = Array.isArray(label) ? label : [label]
  const bad = labels.find((each) => typeof each !== 'string' && typeof each !== 'number')
  if (labels.length === 0 || bad !== undefined || labels.includes(undefined))
    return badRequest(
      `${path}label is ${quote(bad ?? label)}: it must be a string or a number, or a list with one for each row`,
    )
  return { id, labels: labels.map(String) }
}

export type TruthResult = {
  readonly ok: true
  readonly judged: number
  readonly correct: number
  readonly unknown: readonly string[]
  /** What is new among them, to be counted. */
  readonly counted: { readonly judged: number; readonly correct: number }
}

/** Judges each; a single unknown id is a problem, in a list it is named beside what was known. */
export function judgeTruths(
  truths: readonly Truth[],
  memory: AnswerMemory,
  nowMs: number,
): TruthResult | RequestProblem {
  let judged = 0
  let correct = 0
  const counted = { judged: 0, correct: 0 }
  const unknown: string[] = []
  for (const { id, labels } of truths) {
    const judgement = memory.judge(id, labels, nowMs)
    if (judgement.ok) {
      judged += judgement.judged
      correct += judgement.correct
      counted.judged += judgement.isRepeated ? 0 : judgement.judged
      counted.correct += judgement.isRepeated ? 0 : judgement.correct
    } else if (judgement.reason === 'unknown') unknown.push(id)
    else
      return badRequest(
        `the answer ${quote(id)} has ${judgement.rows} rows, and ${labels.length} labels were sent: send one for each`,
      )
  }
  return { ok: true, judged, correct, unknown, counted }
}
