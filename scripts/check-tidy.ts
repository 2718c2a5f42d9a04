// Rules that no linter knows, each with its replacement. Every ban is a mistake that somebody made.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Ban = {
  readonly pattern: RegExp
  readonly instead: string
  /** Files that own what is banned elsewhere. */
  readonly owners: readonly RegExp[]
}

const doors = [/^packages\/base\/src\/(clock|random)\.ts$/, /^packages\/console\//]
const outside = [/\.test\.tsx?$/, /^(bench|e2e|scripts|examples)\//, /\/integration\//]

const bans: readonly Ban[] = [
  { pattern: /\bDate\.now\(/, instead: 'take a Clock', owners: [...doors, ...outside] },
  { pattern: /\bnew Date\(\)/, instead: 'take a Clock', owners: [...doors, ...outside] },
  { pattern: /\bMath\.random\(/, instead: 'take a Random', owners: [...doors, ...outside] },
  {
    // A method of that name, such as a server's, sets no timer.
    pattern: /(?<!\.)\b(setTimeout|setInterval)\(/,
    instead: 'await clock.sleep',
    owners: [...doors, ...outside],
  },
  { pattern: /\b(FIXME|XXX)\b/, instead: 'mend it or open an issue', owners: [] },
  {
    pattern: /\b(class|function|type) \w*(Manager|Helper|Utils)\b/,
    instead: 'name what it does',
    owners: [],
  },
  {
    pattern: /^\s*\/\/\s*(const|let|if|for|return|await|import|export|function)\b.*[;{(=]\s*$/m,
    instead: 'delete commented-out code',
    owners: [],
  },
  {
    pattern: /\b(?:timeout|delay|interval|deadline|ttl|duration|grace)\??:\s*number\b/i,
    instead: 'name the unit last, as in timeoutMs',
    owners: [],
  },
  {
    pattern: /\b(now\(\)|gen_random_uuid\(\))/,
    instead: 'pass times and uids as parameters',
    owners: [/\.(tsx?|mjs)$/],
  },
  {
    pattern: /oxlint-disable|@ts-ignore|@ts-expect-error|eslint-disable/,
    instead: 'mend the code; the checks have no exceptions',
    owners: [],
  },
  { pattern: /\bskip:\s*true\b/, instead: 'give the reason as the value of skip', owners: [] },
]

const badNames = /(^|\/)(utils|helpers|common|misc)(\.|\/|$)/
const self = 'scripts/check-tidy.ts'

/** What breaks a rule in the tree at `root`. */
export function tidyProblems(root: string): string[] {
  return globSync('{packages,scripts,bench,e2e,examples}/**/*.{ts,tsx,mjs,sql}', { cwd: root })
    .filter((file) => !/node_modules|\/dist\//.test(file) && file !== self)
    .flatMap((file) => fileProblems(file, readFileSync(join(root, file), 'utf8')))
}

function fileProblems(file: string, text: string): string[] {
  const problems = badNames.test(file) ? [`${file}: name the file after what it exports`] : []
  for (const { pattern, instead, owners } of bans) {
    if (owners.some((owner) => owner.test(file))) continue
    const found = pattern.exec(text)
    if (found === null) continue
    const line = text.slice(0, found.index).split('\n').length
    problems.push(`${file}:${line}: ${JSON.stringify(found[0].trim())}: ${instead}`)
  }
  return problems
}

if (import.meta.main) {
  const problems = tidyProblems('.')
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
}
