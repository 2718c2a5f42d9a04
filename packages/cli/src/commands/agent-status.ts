import { request } from 'node:http'
import { join, resolve } from 'node:path'
import type { OsReport } from '@skerry/api/os/os-report'
import { CommandError, exitCodes } from '../exit-code.ts'
import { type OutputFormat, paintState, render } from '../output.ts'

/** What the agent says of itself on its local socket (`GET /v1/status`). */
export type AgentStatus = {
  readonly site?: { readonly namespace: string; readonly name: string }
  readonly health: string
  readonly healthMessage?: string
  readonly connection: { readonly phase: string; readonly message?: string }
  readonly target?: { readonly epoch: number; readonly revision: number }
  readonly applied?: { readonly epoch: number; readonly revision: number }
  /** What is to be done and why, in sentences. */
  readonly plan: readonly string[]
  readonly layers: readonly {
    readonly name: string
    readonly state: string
    readonly version?: string
    readonly message?: string
  }[]
  readonly failures: readonly {
    readonly layer: string
    readonly digest: string
    readonly message: string
  }[]
  /** Only where the operating system is an image. */
  readonly os?: OsReport
  readonly refusal?: string
  readonly warning?: string
  readonly spool: { readonly records: number; readonly bytes: number; readonly dropped: number }
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
  const because = (message: string | undefined) => (message === undefined ? '' : `: ${message}`)
  const { site, connection, spool } = status
  const lines = [
    `site        ${site === undefined ? 'not enrolled yet' : `${site.namespace}/${site.name}`}`,
    `hub         ${connection.phase}${because(connection.message)}`,
    `health      ${paintState(status.health)}${because(status.healthMessage)}`,
    `spec        runs ${version(status.applied)}, wanted ${version(status.target)}`,
    ...[status.refusal, status.warning].flatMap((text) =>
      text === undefined ? [] : [`            ${text}`],
    ),
    ...(status.os === undefined ? [] : describeOs(status.os)),
    ...status.layers.map(
      (layer) =>
        `layer       ${layer.name} ${layer.version ?? ''} ${paintState(layer.state)}${because(layer.message)}`,
    ),
    ...status.failures.map(
      (failure) =>
        `failed      ${failure.layer} ${failure.digest.slice(7, 19)}: ${failure.message}`,
    ),
    ...(status.plan.length === 0 ? ['plan        nothing to do'] : []),
    ...status.plan.map((sentence, index) => `${index === 0 ? 'plan' : '    '}        ${sentence}`),
    `spool       ${spool.records} records, ${spool.bytes} bytes wait for the hub; ${spool.dropped} were dropped`,
  ]
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

/** What the machine runs from, what is being done about it, and what became of earlier attempts. */
export function describeOs(os: OsReport): string[] {
  const kept = os.isBlessed ? 'kept' : paintState('on trial')
  const secure = os.secureBoot === undefined ? '' : `, Secure Boot ${os.secureBoot ? 'on' : 'off'}`
  const progress = os.progressPercent === undefined ? '' : ` ${os.progressPercent} %`
  const doing = os.phase === 'Idle' ? '' : `${os.phase}${progress}`
  const why = [doing, os.message ?? ''].filter((text) => text !== '').join(': ')
  return [
    `system      ${os.version} (image ${os.imageId.slice(0, 12)}) from ${os.slot}, ${kept}${secure}`,
    `            boot ${os.bootId.slice(0, 8)} of ${os.bootTime}${os.kernelVersion === undefined ? '' : `, kernel ${os.kernelVersion}`}`,
    ...[why, os.data ?? ''].filter((text) => text !== '').map((text) => `            ${text}`),
    ...os.slots.map(
      (slot) =>
        `slot        ${slot.name} ${paintState(slot.state)} ${slot.version ?? ''} ${slot.imageId?.slice(0, 12) ?? ''}`,
    ),
    ...os.outcomes.map(
      ({ time, result, version, evidence, message }) =>
        `upgrade     ${time} ${version} ${paintState(result)}${evidence === 'None' ? '' : ` (${evidence})`}: ${message}`,
    ),
  ]
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
