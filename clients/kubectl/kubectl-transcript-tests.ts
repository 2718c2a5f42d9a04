import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  type Folder,
  type HubProcess,
  startHub,
  temporaryFolder,
} from '../../packages/hub/integration/hub-process.ts'
import {
  type Shell,
  type TranscriptPart,
  openShell,
  readTranscript,
  runStep,
} from './kubectl-transcript.ts'

const minor = 'v1.36.'
const cached = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'skerry/kubernetes/kubectl',
)

const versionOf = (kubectl: string): string =>
  spawnSync(kubectl, ['version', '--client']).stdout.toString()

/** A kubectl that speaks as the transcripts do, or why there is none. */
export function findKubectl(): { readonly path: string } | { readonly missing: string } {
  const named = process.env['KUBECTL']
  const all = named === undefined ? ['kubectl', ...(existsSync(cached) ? [cached] : [])] : [named]
  const path = all
    .map((each) => spawnSync('which', [each]).stdout.toString().trim())
    .find((each) => each !== '' && versionOf(each).includes(minor))
  return path === undefined
    ? { missing: `no kubectl ${minor}x: name one in KUBECTL (tried ${all.join(', ')})` }
    : { path }
}

/** Does all of a transcript at a hub of its own, and compares every answer with Kubernetes'. */
export function transcriptTests(name: string): void {
  const kubectl = findKubectl()
  const skip = 'missing' in kubectl ? kubectl.missing : false
  describe(`kubectl: ${name}`, { skip }, () => {
    let folder: Folder
    let hub: HubProcess
    let shell: Shell

    before(async () => {
      folder = temporaryFolder()
      const data = join(folder.path, 'hub')
      hub = startHub('--data', data, '--port', '0', '--gateway-port', '0')
      await (await hub.ready())[Symbol.asyncDispose]()
      if ('missing' in kubectl) return
      const kubeconfig = join(data, 'kubeconfig')
      shell = await openShell(kubectl.path, { directory: folder.path, kubeconfig })
    })
    after(async () => {
      await hub[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    })

    for (const part of readTranscript(name))
      it(part.title, part.waits === undefined ? {} : { todo: part.waits }, () => play(part, shell))
  })
}

async function play(part: TranscriptPart, shell: Shell): Promise<void> {
  const [answered, expected]: [string[], string[]] = [[], []]
  for (const step of part.steps) {
    const output = await runStep(step, shell)
    if (step.type === 'file') continue
    answered.push(`$ ${step.command}`, ...output.split('\n'))
    expected.push(`$ ${step.command}`, ...(step.hub?.expected ?? step.expected).split('\n'))
  }
  assert.deepEqual(answered, expected)
}
