import type { ReactNode } from 'react'
import type { Snapshot } from '../api/feed.ts'
import { ErrorNotice, Skeleton } from './notices.tsx'

type Props<V> = {
  readonly of: Snapshot<V>
  readonly lines?: number
  readonly children: (value: V) => ReactNode
}

/** Shows what is known; grey lines before, the error if nothing is to be had. */
export function Loaded<V>({ of, lines, children }: Props<V>) {
  if (of.state === 'loading') return <Skeleton lines={lines ?? 6} />
  if (of.state === 'failed') return <ErrorNotice error={of.error} />
  return <>{children(of.value)}</>
}
