import { useEffect, useState } from 'react'
import { feeds, hub, session } from '../api/hub.ts'
import { CopyCommand } from '../parts/copy-command.tsx'
import { Skeleton } from '../parts/notices.tsx'
import { PageHead } from '../parts/page-head.tsx'

type Props = {
  /** From the one-time link. */
  readonly code: string
  readonly onSignedIn: () => void
}

export default function SignInPage({ code, onSignedIn }: Props) {
  const [problem, setProblem] = useState('')

  useEffect(() => {
    if (code === '') return
    let isGone = false
    void session.signIn(hub, code).then((result) => {
      if (isGone) return
      if (result.ok) {
        feeds.suspend(false)
        feeds.retryNow()
        onSignedIn()
      } else setProblem(result.message)
    })
    return () => {
      isGone = true
    }
  }, [code, onSignedIn])

  if (code !== '' && problem === '')
    return (
      <>
        <PageHead title="Signing in" />
        <Skeleton lines={3} />
      </>
    )
  return (
    <div className="sign-in">
      <img src="/skerry.svg" alt="" width="56" height="56" />
      <PageHead title="Sign in to Skerry" />
      {problem !== '' && (
        <p className="form-problem" role="alert">
          This link does not work: {problem}
        </p>
      )}
      <p>A link signs you in once. Get one where the hub runs:</p>
      <CopyCommand command="npx skerry console" />
      <p className="quiet">Open the address that it prints in this browser.</p>
    </div>
  )
}
