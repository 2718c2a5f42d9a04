import type { Look, Tone } from '../logic/looks.ts'

/** A shape for each tone, so that nobody needs to tell colours apart. */
const shapes: Record<Tone, React.ReactNode> = {
  good: (
    <>
      <circle cx="8" cy="8" r="7" fill="currentColor" />
      <path d="m4.8 8.2 2.2 2.2 4.2-4.6" className="mark-cut" />
    </>
  ),
  warn: (
    <>
      <path
        d="M8 1.6 15 14H1z"
        fill="currentColor"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinejoin="round"
      />
      <path d="M8 6v4M8 12v.2" className="mark-cut" />
    </>
  ),
  bad: (
    <>
      <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" fill="currentColor" />
      <path d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" className="mark-cut" />
    </>
  ),
  busy: (
    <>
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </>
  ),
  idle: <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2" />,
}

export function Mark({ tone }: { tone: Tone }) {
  return (
    <svg className={`mark tone-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      {shapes[tone]}
    </svg>
  )
}

/** A state: shape and words. */
export function StatusMark({ look }: { look: Look | undefined }) {
  if (look === undefined) return <span className="quiet">–</span>
  return (
    <span className="status">
      <Mark tone={look.tone} />
      {look.words}
    </span>
  )
}

/** A state that stands out, for the head of a page. */
export function StatusPill({ look, about }: { look: Look; about: string }) {
  return (
    <span className={`pill tone-${look.tone}`}>
      <Mark tone={look.tone} />
      <span className="visually-hidden">{about}: </span>
      {look.words}
    </span>
  )
}
