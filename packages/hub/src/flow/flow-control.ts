import type { Clock } from '@skerry/base/clock'
import { ApiError } from '@skerry/api/status'
import type { FlowControl, FlowRequest } from '../api-server/flow-control.ts'
import { FairQueue, type Waiting } from './fair-queue.ts'
import { type FlowClass, flowClassOf, flowClasses } from './flow-class.ts'
import {
  classWaitingMax,
  flowWaitingMax,
  retryAfterSecondsInTurn,
  turnWaitMsMax,
} from './limits.ts'
import { type ListCost, createListCost, listSortOf } from './list-cost.ts'

export type FlowRefusal = 'queue-full' | 'time-out' | 'cancelled'

/** How one class fares, for the metrics. */
export type FlowFigures = {
  readonly name: string
  readonly seats: number
  readonly seatsInUse: number
  readonly waiting: number
  readonly dispatched: number
  readonly refused: Readonly<Record<FlowRefusal, number>>
  /** Of all that had to wait. */
  readonly waitedSeconds: number
}

export type MeasuredFlowControl = FlowControl & { figures(): readonly FlowFigures[] }

type ClassRoom = {
  readonly flowClass: FlowClass
  readonly queue: FairQueue
  dispatched: number
  waitedMs: number
  readonly refused: Record<FlowRefusal, number>
}

/** Each class has seats of its own, and in each the users take turns. */
export function createFlowControl(clock: Clock): MeasuredFlowControl {
  const rooms = new Map(Object.values(flowClasses).map((each) => [each, roomOf(each)]))
  const cost = createListCost()
  return {
    enter: async (request) => {
      const { user, attributes, query } = request
      const room = rooms.get(flowClassOf(user, attributes))!
      const sort = listSortOf(attributes, query)
      const seats = sort === undefined ? 1 : cost.seatsOf(sort)
      if (!room.queue.tryTake(user.name, seats)) await waitForTurn(room, request, { seats, clock })
      room.dispatched += 1
      return turnOf({ room, flow: user.name, seats }, { sort, cost, clock })
    },
    figures: () => [...rooms.values()].map(figuresOf),
  }
}

function roomOf(flowClass: FlowClass): ClassRoom {
  const refused = { 'queue-full': 0, 'time-out': 0, cancelled: 0 }
  return { flowClass, queue: new FairQueue(flowClass.seats), dispatched: 0, waitedMs: 0, refused }
}

function figuresOf({ flowClass, queue, dispatched, waitedMs, refused }: ClassRoom): FlowFigures {
  const { name, seats } = flowClass
  const { inUse, waiting } = queue
  const waitedSeconds = waitedMs / 1000
  return { name, seats, seatsInUse: inUse, waiting, dispatched, refused, waitedSeconds }
}

type Taken = { readonly room: ClassRoom; readonly flow: string; readonly seats: number }
type Learning = {
  readonly sort: string | undefined
  readonly cost: ListCost
  readonly clock: Clock
}

function turnOf({ room, flow, seats }: Taken, { sort, cost, clock }: Learning): Disposable {
  const startedMs = sort === undefined ? 0 : clock.monotonicMs()
  let isHeld = true
  return {
    [Symbol.dispose]: () => {
      if (!isHeld) return
      isHeld = false
      if (sort !== undefined) cost.learn(sort, clock.monotonicMs() - startedMs)
      room.queue.giveBack(flow, seats)
    },
  }
}

async function waitForTurn(
  room: ClassRoom,
  request: FlowRequest,
  { seats, clock }: { readonly seats: number; readonly clock: Clock },
): Promise<void> {
  const { queue } = room
  const { user, response, closing } = request
  if (queue.waitingOf(user.name) >= flowWaitingMax || queue.waiting >= classWaitingMax)
    throw refusal(room, request, 'queue-full')
  const startedMs = clock.monotonicMs()
  const turn = Promise.withResolvers<'turn' | FlowRefusal>()
  const done = new AbortController()
  const waiting: Waiting = { seats, start: () => turn.resolve('turn') }
  const giveUp = (why: FlowRefusal): void => {
    if (queue.leave(user.name, waiting)) turn.resolve(why)
  }
  const leave = (): void => giveUp('cancelled')
  queue.add(user.name, waiting)
  response.once('close', leave)
  closing.addEventListener('abort', leave, { once: true })
  clock.sleep(turnWaitMsMax, done.signal).then(
    () => giveUp('time-out'),
    () => {},
  )
  const outcome = await turn.promise
  done.abort()
  response.off('close', leave)
  closing.removeEventListener('abort', leave)
  room.waitedMs += clock.monotonicMs() - startedMs
  if (outcome !== 'turn') throw refusal(room, request, outcome)
}

/** In the words of a kube-apiserver, with its headers. */
function refusal(room: ClassRoom, { response }: FlowRequest, why: FlowRefusal): ApiError {
  room.refused[why] += 1
  const { name } = room.flowClass
  if (!response.headersSent) {
    response.setHeader('X-Kubernetes-PF-FlowSchema-UID', name)
    response.setHeader('X-Kubernetes-PF-PriorityLevel-UID', name)
  }
  refusals += 1
  return refused[refusals % refused.length]!
}

/** Made once: a refusal has to cost next to nothing, and the stack of an error does not. */
const refused = retryAfterSecondsInTurn.map(
  (retryAfterSeconds) =>
    new ApiError('TooManyRequests', 'Too many requests, please try again later.', {
      retryAfterSeconds,
    }),
)
let refusals = -1
