import { shortDigest } from '@skerry/base/digest'

/** Enough of a digest to tell two apart; all of it in the title. */
export function DigestText({ digest }: { digest: string | undefined }) {
  if (digest === undefined) return <span className="quiet">–</span>
  return (
    <code className="digest" title={digest}>
      {shortDigest(digest)}
    </code>
  )
}
