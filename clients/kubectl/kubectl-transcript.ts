// Transcripts of `kubectl` against a real kube-apiserver, in clients/kubectl/. The tests do the same
// against the hub and compare. `record-kubectl.ts` writes down what Kubernetes answers.
//
//   ## applies and says what it did        a test; with [waits: REASON] before the title, one that may fail
//   file site.yaml                         a file, up to a line that says `end`
//   $ kubectl apply -f site.yaml           a shell command, and below it what Kubernetes answers
//   site.skerry.dev/oslo created
//   ~ hub: why it differs                  and below it what the hub answers instead
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type TranscriptStep =
  | { readonly type: 'file'; readonly name: string; readonly text: string }
  | {
      readonly type: 'command'
      readonly command: string
      readonly expected: string
      readonly hub?: { readonly reason: string; readonly expected: string }
    }

export type TranscriptPart = {
  readonly title: string
  readonly waits?: string
  readonly steps: readonly TranscriptStep[]
}

const commandMsMax = 60_000
const folder = import.meta.dirname

export function transcriptPath(name: string): string {
  return join(folder, `${name}.txt`)
}

export function readTranscript(name: string): TranscriptPart[] {
  return parseTranscript(readFileSync(transcriptPath(name), 'utf8'))
}

export function parseTranscript(text: string): TranscriptPart[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.trimEnd().split('\n')
      const [, waits, title = ''] = /^(?:\[waits: (.*?)\] )?(.*)$/.exec(heading)!
      return { title, ...(waits === undefined ? {} : { waits }), steps: parseSteps(lines) }
    })
}

function parseSteps(lines: readonly string[]): TranscriptStep[] {
  const steps: TranscriptStep[] = []
  for (let index = 0; index < lines.length;) {
    const line = lines[index]!
    if (line.startsWith('file ')) {
      const end = lines.indexOf('end', index)
      if (end < 0) throw new Error(`${line}: no line says end`)
      steps.push({
        type: 'file',
        name: line.slice(5),
        text: `${lines.slice(index + 1, end).join('\n')}\n`,
      })
      index = end + 1
    } else if (line.startsWith('$ ')) {
      let next = index + 1
      while (next < lines.length && !/^(\$|file|#) /.test(lines[next]!)) next++
      steps.push(parseCommand(line.slice(2), lines.slice(index + 1, next)))
      index = next
    } else index++
  }
  return steps
}

function parseCommand(command: string, lines: readonly string[]): TranscriptStep {
  const text = (of: readonly string[]) => of.join('\n').trimEnd()
  const split = lines.findIndex((line) => line.startsWith('~ hub: '))
  if (split < 0) return { type: 'command', command, expected: text(lines) }
  const hub = {
    reason: lines[split]!.slice('~ hub: '.length),
    expected: text(lines.slice(split + 1)),
  }
  return { type: 'command', command, expected: text(lines.slice(0, split)), hub }
}

export function formatCommand(step: TranscriptStep & { readonly type: 'command' }): string {
  const { command, expected, hub } = step
  const told = hub === undefined ? [] : [`~ hub: ${hub.reason}`, hub.expected]
  return [`$ ${command}`, expected, ...told].filter((line) => line !== '').join('\n')
}

export type Shell = { readonly directory: string; readonly kubeconfig: string }

/** A folder to work in, in which `kubectl` is this one. */
export async function openShell(kubectl: string, { directory, kubeconfig }: Shell): Promise<Shell> {
  await mkdir(join(directory, 'bin'))
  await symlink(kubectl, join(directory, 'bin/kubectl'))
  return { directory, kubeconfig }
}

/** What a command answered: stdout, stderr and an exit code other than 0, masked. */
export async function runStep(step: TranscriptStep, shell: Shell): Promise<string> {
  if (step.type === 'file') {
    await writeFile(join(shell.directory, step.name), step.text)
    return ''
  }
  return new Promise((resolve) => {
    execFile(
      'sh',
      ['-c', step.command],
      {
        cwd: shell.directory,
        timeout: commandMsMax,
        env: {
          PATH: `${shell.directory}/bin:${process.env['PATH']}`,
          HOME: shell.directory,
          KUBECONFIG: shell.kubeconfig,
          TZ: 'UTC',
        },
      },
      (error, stdout, stderr) => {
        const code = error === null ? '' : `(exit ${String(error.code ?? error.signal)})`
        resolve(maskOutput([stdout, stderr, code].map((each) => each.trimEnd()).join('\n')))
      },
    )
  })
}

const masks: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} [\d:]+ [+\w]+/g, 'TIME'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1RV'],
  [/https:\/\/127\.0\.0\.1:\d+/g, 'https://SERVER'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'TOKEN'],
  [/\/tmp\/[\w./-]+/g, '/tmp/FILE'],
  [/(^|\s)(\d+[smhd])+(?=\s|$|\))/gm, '$1AGE'],
  [/(\S) {2,}/g, '$1  '],
  [/(Resource Version: +)\d+/g, '$1RV'],
  [/(X509SHA256=)\w+/g, '$1DIGEST'],
  [/\t/g, '    '],
  [/ +$/gm, ''],
  [/^\n+/, ''],
]

/** What is another on every run becomes a word; columns stand two spaces apart. */
export function maskOutput(text: string): string {
  return masks.reduce((masked, [pattern, word]) => masked.replace(pattern, word), text).trim()
}
