import type { Finding, Position } from './finding.ts'
import type { Step } from './step-keys.ts'

/** Keys that are named instead of written. */
export const remoteKey = /^(github|gitlab):|^https?:\/\//

/** Keys that would have to be fetched: nobody logs in by them here. */
export function remoteKeys(step: Step): Finding[] {
  const keys: [Position, string, readonly string[]][] = [
    ...[...(step.users ?? [])].map(
      ([name, { at, value }]): [Position, string, readonly string[]] => [
        at,
        name,
        value.ssh_authorized_keys ?? [],
      ],
    ),
    ...[...(step.authorized_keys ?? [])].map(
      ([name, texts]): [Position, string, readonly string[]] => [step.at, name, texts],
    ),
  ]
  return keys.flatMap(([at, name, texts]) =>
    texts
      .filter((text) => remoteKey.test(text))
      .map((text) => ({
        severity: 'warning',
        code: 'NotBuilt',
        at,
        path: 'ssh_authorized_keys',
        message: `${text.slice(0, 80)} is known and not built yet: nobody can log in as ${name} by it`,
        advice: 'write the key itself',
      })),
  )
}
