import type { InspectReport, Verdict } from './finding.ts'

const kinds: Readonly<Record<InspectReport['kind'], string>> = {
  Disk: 'raw disk',
  Kernel: 'unified kernel image',
  Program: 'EFI program',
  Slot: 'file system and verity tree of a slot',
  Artifact: 'OCI layout',
  Unknown: 'unknown',
}

const marks: Readonly<Record<Verdict, string>> = {
  ok: 'ok      ',
  bad: 'BAD     ',
  unknown: 'unknown ',
}

/** A report as a person reads it: what it is, then what is bad, unknown and well. */
export function inspectText({ path, kind, facts, findings, ok }: InspectReport): string {
  const lines = [`${path}: ${kinds[kind]}`]
  for (const about of new Set([undefined, ...facts.map((fact) => fact.about)])) {
    if (about !== undefined) lines.push(`  ${about}`)
    for (const { name, value } of facts.filter((fact) => fact.about === about))
      lines.push(`${about === undefined ? '  ' : '    '}${name}: ${value}`)
  }
  lines.push('')
  for (const verdict of ['bad', 'unknown', 'ok'] as const)
    for (const finding of findings.filter((one) => one.verdict === verdict))
      lines.push(`${marks[verdict]}${finding.what}: ${finding.message}`)
  const count = (verdict: Verdict) => findings.filter((one) => one.verdict === verdict).length
  lines.push(
    '',
    ok
      ? `Nothing bad was found (${count('ok')} ok, ${count('unknown')} unknown).`
      : count('bad') === 0
        ? 'Nothing of it could be looked into.'
        : `${count('bad')} of ${findings.length} findings are bad.`,
  )
  return `${lines.join('\n')}\n`
}
