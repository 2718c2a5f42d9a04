import { type ReactNode, useEffect } from 'react'

type Props = {
  readonly title: string
  /** What the title belongs to, such as a link to the list. */
  readonly above?: ReactNode
  readonly below?: ReactNode
  readonly actions?: ReactNode
}

export function PageHead({ title, above, below, actions }: Props) {
  useEffect(() => {
    document.title = `${title} · Skerry`
  }, [title])
  return (
    <div className="page-head">
      <div className="page-head-text">
        {above !== undefined && <p className="above">{above}</p>}
        <h1 tabIndex={-1}>{title}</h1>
        {below !== undefined && <div className="below">{below}</div>}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}
