export type Verdict =
  | 'ok'
  | 'bad'
  /** It could not be judged with what was given. */
  | 'unknown'

/** One thing that was looked at. */
export type Finding = {
  readonly verdict: Verdict
  /** What was looked at, such as `slot-a` or `kernel skerry-0123456789ab.efi`. */
  readonly what: string
  /** What was found and, unless all is well, what to do: sentences. */
  readonly message: string
}

export const inspectedKinds = ['Disk', 'Kernel', 'Program', 'Slot', 'Artifact', 'Unknown'] as const

/** What is inside a file, and whether every signature holds. */
export type InspectReport = {
  readonly path: string
  readonly kind: (typeof inspectedKinds)[number]
  /** What it is, in the order in which a person wants to read it. */
  readonly facts: readonly Fact[]
  readonly findings: readonly Finding[]
  /** Nothing bad was found; unknown is not bad. */
  readonly ok: boolean
}

export type Fact = {
  /** Which part of a whole it is said of, such as `slot-a`. */
  readonly about?: string
  readonly name: string
  readonly value: string
}

/** Collects what one look at a thing brings to light. */
export class Notes {
  readonly facts: Fact[]
  readonly findings: Finding[]
  readonly #about: string | undefined

  constructor(whole?: Notes, about?: string) {
    this.facts = whole?.facts ?? []
    this.findings = whole?.findings ?? []
    this.#about = about === undefined ? undefined : printable(about)
  }

  /** The same notes, for what is said of a part. */
  about(part: string): Notes {
    return new Notes(this, part)
  }

  fact(name: string, value: string | number | undefined): void {
    if (value === undefined) return
    const about = this.#about === undefined ? {} : { about: this.#about }
    this.facts.push({ ...about, name, value: printable(String(value)) })
  }

  ok(what: string, message: string): void {
    this.#add('ok', what, message)
  }

  bad(what: string, message: string): void {
    this.#add('bad', what, message)
  }

  unknown(what: string, message: string): void {
    this.#add('unknown', what, message)
  }

  #add(verdict: Verdict, what: string, message: string): void {
    this.findings.push({ verdict, what: printable(what), message: printable(message) })
  }
}

/** Names come from hostile files: nothing of them may move the cursor of a terminal. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD').slice(0, 2000)
