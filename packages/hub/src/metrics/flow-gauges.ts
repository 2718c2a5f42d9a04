import { Counter, Gauge, type Registry } from 'prom-client'
import type { FlowFigures } from '../flow/flow-control.ts'

/** How the classes of requests fare, under a kube-apiserver's names. Read when somebody asks, and never before. */
export function createFlowGauges(registry: Registry, figures: () => readonly FlowFigures[]): void {
  const registers = [registry]
  const labelNames = ['priority_level']
  const gauge = (name: string, help: string, value: (each: FlowFigures) => number): void => {
    new Gauge({
      name: `apiserver_flowcontrol_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        for (const each of figures()) this.set({ priority_level: each.name }, value(each))
      },
    })
  }
  gauge('nominal_limit_seats', 'Seats of the class.', ({ seats }) => seats)
  gauge('current_executing_seats', 'Seats in use.', ({ seatsInUse }) => seatsInUse)
  gauge('current_inqueue_requests', 'Requests that wait.', ({ waiting }) => waiting)
  const counter = (name: string, help: string, value: (each: FlowFigures) => number): void => {
    new Counter({
      name: `apiserver_flowcontrol_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        for (const each of figures()) this.inc({ priority_level: each.name }, value(each))
      },
    })
  }
  counter('dispatched_requests_total', 'Requests let in.', ({ dispatched }) => dispatched)
  counter(
    'request_wait_seconds_total',
    'Seconds that requests have waited for their turn.',
    ({ waitedSeconds }) => waitedSeconds,
  )
  new Counter({
    name: 'apiserver_flowcontrol_rejected_requests_total',
    help: 'Requests told to come back.',
    labelNames: ['priority_level', 'reason'],
    registers,
    collect() {
      this.reset()
      for (const { name, refused } of figures())
        for (const [reason, count] of Object.entries(refused))
          this.inc({ priority_level: name, reason }, count)
    },
  })
}
