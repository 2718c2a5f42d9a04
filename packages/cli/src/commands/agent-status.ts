import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { CommandError, exitCodes } from '../exit-code.ts'
import { type OutputFormat, paintState, render } from '../output.ts'

/** What the agent says of itself on its local socket (`GET /v1/status`). */
export type AgentStatus = {
  readonly site?: string
  readonly health: string
  readonly healthMessage?: string
  readonly connection: { readonly state: string; readonly message?: string }
  readonly target?: { readonly epoch: number; readonly revision: number }
  readonly applied?: { readonly epoch: number; readonly revision: number }
  readonly plan: readonly { readonly step: string; readonly reason: string }[]
  readonly layers: readonly {
    readonly name: string
    readonly state: string
    readonly version?: string
    readonly message?: string
  }[]
  readonly spool?: { readonly records: number; readonly bytes: number }
}

/** `skerry agent status --data DIR`: asks the agent on this machine; needs no hub. */
export async function showAgentStatus(data: string, format: OutputFormat): Promise<void> {
  const socketPath = join(resolve(data), 'agent.sock')
  const status = JSON.parse(await get(socketPath, '/v1/status')) as AgentStatus
  process.stdout.write(
    format === 'json' || format === 'yaml' ? render([status], [], format) : describeAgent(status),
  )
}

export function describeAgent(status: AgentStatus): string {
  const version = (at: AgentStatus['target']) =>
    at === undefined ? 'none' : `${at.epoch}.${at.revision}`
  const lines = [
    `site        ${status.site ?? 'not enrolled yet'}`,
    `hub         ${status.connection.state}${status.connection.message === undefined ? '' : `: ${status.connection.message}`}`,
    `health      ${paintState(status.health)}${status.healthMessage === undefined ? '' : `: ${status.healthMessage}`}`,
    `spec        runs ${version(status.applied)}, wanted ${version(status.target)}`,
    ...status.layers.map(
      (layer) =>
        `layer       ${layer.name} ${layer.version ?? ''} ${paintState(layer.state)}${layer.message === undefined ? '' : `: ${layer.message}`}`,
    ),
    ...(status.plan.length === 0 ? ['plan        nothing to do'] : []),
    ...status.plan.map(
      (step, index) => `${index === 0 ? 'plan' : '    '}        ${step.step}: ${step.reason}`,
    ),
    ...(status.spool === undefined
      ? []
      : [
          `spool       ${status.spool.records} records, ${status.spool.bytes} bytes wait for the hub`,
        ]),
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolveBody, reject) => {
    const sent = request({ socketPath, path }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolveBody(Buffer.concat(chunks).toString()))
      response.on('error', reject)
    })
    sent.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
            ? `No agent runs on ${socketPath}: start one with "skerry agent run --data DIR", or name its folder with --data.`
            : `The agent on ${socketPath} does not answer: ${error.message}`,
          exitCodes.unreachable,
        ),
      ),
    )
    sent.end()
  })
}
