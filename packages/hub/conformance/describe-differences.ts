import { join } from 'node:path'
import { rows } from './rows.ts'

const head = `# How the API differs from Kubernetes

The hub answers as kube-apiserver 1.36 does. That is a test: \`packages/hub/conformance\` holds a table of requests,
asked of both servers, whose answers must be equal in status code, body, events and the headers that clients look at
(\`Content-Type\`, \`Warning\`, \`Retry-After\`, \`Cache-Control\`, \`Allow\`, and whether there is an \`Audit-Id\`).
What each server chooses for itself is only compared in that it is there: uids, versions, times, tokens, generated
suffixes, descriptions of columns.

    node packages/hub/conformance/main.ts [--only TEXT] [--verbose]   against a Kubernetes and a hub
    node packages/hub/conformance/main.ts --recorded                  against what Kubernetes answered last time
    node packages/hub/conformance/main.ts --record                    keeps what Kubernetes answers
    node packages/hub/conformance/main.ts --docs                      writes this page
    node packages/hub/conformance/fuzz.ts --seed 1 --seconds 60       looks for answers that no request should get

A difference that is not written down fails the test, and so does one that is written down and no longer there.
`

export const docsFile = join(import.meta.dirname, '../../../docs/kubernetes-api.md')

/** The page that lists every difference, made from the rows. */
export function describeDifferences(): string {
  const bySubject = Map.groupBy(
    rows.filter(({ differs }) => differs !== undefined),
    ({ name }) => name.split(':')[0]!,
  )
  const count = [...bySubject.values()].reduce((sum, members) => sum + members.length, 0)
  const sections = [...bySubject].map(([subject, members]) => {
    const byReason = Map.groupBy(
      members.flatMap(({ name, differs = [] }) =>
        [...new Set(differs.map(({ why }) => why))].map((why) => ({ name, why })),
      ),
      ({ why }) => why,
    )
    const lines = [...byReason].map(
      ([why, its]) =>
        `- ${its.map(({ name }) => name.slice(subject.length + 2)).join('; ')}: ${why}`,
    )
    return `## ${subject}\n\n${lines.join('\n')}\n`
  })
  return [
    head,
    `Of ${rows.length} rows ${count} differ. This page is made from them; do not edit it.\n`,
    ...sections,
  ].join('\n')
}
