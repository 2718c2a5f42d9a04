// Writes into clients/kubectl/NAME.txt what a real Kubernetes answers to its commands:
//   node packages/hub/integration/record-kubectl.ts KUBECONFIG NAME...
// Our kinds are given to it as CustomResourceDefinitions. With --hub instead of KUBECONFIG it starts
// a hub, changes no file, and prints where the hub's answer is another.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crdOfKind } from '@skerry/api/crd-of-kind'
import { kinds } from '@skerry/api/kinds'
import { startHub, temporaryFolder } from '../../packages/hub/integration/hub-process.ts'
import { findKubectl } from './kubectl-transcript-tests.ts'
import {
  formatCommand,
  openShell,
  parseTranscript,
  runStep,
  transcriptPath,
} from './kubectl-transcript.ts'

const [kubeconfig = '', ...names] = process.argv.slice(2)
const found = findKubectl()
if ('missing' in found) throw new Error(found.missing)
const kubectl = found.path

if (kubeconfig !== '--hub') giveKinds()
for (const name of names)
  if (kubeconfig === '--hub') await compare(name)
  else await record(name)

function giveKinds(): void {
  const items = kinds.filter(({ group }) => group === 'skerry.dev').map((kind) => crdOfKind(kind))
  const run = (args: string[], input?: string) =>
    execFileSync(kubectl, ['--kubeconfig', kubeconfig, ...args], { input, stdio: 'pipe' })
  run(
    ['apply', '--server-side', '--force-conflicts', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  )
  const crds = items.map(({ metadata }) => `crd/${metadata.name}`)
  run(['wait', '--for=condition=Established', '--timeout=30s', ...crds])
}

/** Keeps the text as it stands, and puts new answers below the commands. */
async function record(name: string): Promise<void> {
  using folder = temporaryFolder()
  const shell = await openShell(kubectl, { directory: folder.path, kubeconfig })
  const text = readFileSync(transcriptPath(name), 'utf8')
  const recorded: string[] = []
  for (const part of text.split(/^(?=## )/m)) {
    const [{ steps } = { steps: [] }] = parseTranscript(part)
    let [kept, from] = [part.trimEnd(), 0]
    for (const step of steps) {
      const expected = await runStep(step, shell)
      if (step.type === 'file') continue
      const [before, next] = [formatCommand(step), formatCommand({ ...step, expected })]
      const at = `${kept}\n`.indexOf(`${before}\n`, from)
      if (at < 0) throw new Error(`not found as it would be written: ${before}`)
      kept = kept.slice(0, at) + next + kept.slice(at + before.length)
      from = at + next.length
    }
    recorded.push(`${kept}\n`)
  }
  writeFileSync(transcriptPath(name), recorded.join('\n'))
}

async function compare(name: string): Promise<void> {
  using folder = temporaryFolder()
  const data = join(folder.path, 'hub')
  await using hub = startHub('--data', data, '--port', '0', '--gateway-port', '0')
  await (await hub.ready())[Symbol.asyncDispose]()
  const kubeconfig = join(data, 'kubeconfig')
  const shell = await openShell(kubectl, { directory: folder.path, kubeconfig })
  const wanted = process.env['PART']
  for (const part of parseTranscript(readFileSync(transcriptPath(name), 'utf8'))) {
    say(`## ${part.title}`)
    for (const step of part.steps) {
      const output = await runStep(step, shell)
      if (step.type === 'file' || output === (step.hub?.expected ?? step.expected)) continue
      if (wanted !== undefined && !part.title.includes(wanted)) continue
      say(`$ ${step.command}\n--- Kubernetes\n${step.expected}\n--- hub\n${output}\n`)
    }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
