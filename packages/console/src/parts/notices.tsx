import type { ApiError, StatusReason } from '@skerry/api/status'
import type { ReactNode } from 'react'
import { feeds } from '../api/hub.ts'
import { Mark } from './status-mark.tsx'

/** Nothing is there yet; says what to do about it. */
export function EmptyNotice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

const titles: Partial<Record<StatusReason, string>> = {
  Forbidden: 'You may not see this',
  NotFound: 'This is not there',
  ServiceUnavailable: 'The hub does not answer',
  Timeout: 'The hub does not answer',
  TooManyRequests: 'The hub has too much to do',
  Unauthorized: 'You are signed out',
}

const advice: Partial<Record<StatusReason, string>> = {
  Forbidden: 'Ask whoever runs this hub for the right to read it, then try again.',
  NotFound: 'It may have been deleted, or the address is wrong.',
  ServiceUnavailable: 'It is tried again by itself. If this lasts, look at the log of the hub.',
  Timeout: 'It is tried again by itself. If this lasts, look at the log of the hub.',
  TooManyRequests: 'It is tried again by itself.',
}

/** What the hub refused or could not do, in its own words, and what to do about it. */
export function ErrorNotice({ error }: { error: ApiError }) {
  return (
    <div className="notice" role="alert">
      <h2>
        <Mark tone={error.reason === 'Forbidden' ? 'warn' : 'bad'} />{' '}
        {titles[error.reason] ?? 'Something went wrong'}
      </h2>
      <p className="told">
        {error.message} <span className="quiet">({error.code})</span>
      </p>
      {advice[error.reason] !== undefined && <p>{advice[error.reason]}</p>}
      <button type="button" className="button" onClick={() => feeds.retryNow()}>
        Try now
      </button>
    </div>
  )
}

/** Grey lines in the place of what is being loaded. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton-line" />
      ))}
    </div>
  )
}
