import { isApiError } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import { useEffect, useId, useRef, useState } from 'react'
import { reasonLengthMax } from '../limits.ts'
import { type RolloutVerb, verbWords } from '../logic/rollout-verbs.ts'

type Props = {
  readonly verb: RolloutVerb
  readonly subject: string
  readonly onDo: (reason: string) => Promise<void>
  readonly onClose: () => void
}

/** Asks why before it acts: the reason goes into the audit with the name of who asked. */
export function ReasonDialog({ verb, subject, onDo, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [reason, setReason] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const titleId = useId()
  const fieldId = useId()
  const words = verbWords[verb]

  // The browser keeps the focus inside a modal dialog, closes it on Escape and gives the focus back.
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async () => {
    setBusy(true)
    setProblem('')
    try {
      await onDo(reason.trim())
      onClose()
    } catch (thrown) {
      setProblem(isApiError(thrown) ? thrown.message : toError(thrown).message)
      setBusy(false)
    }
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h2 id={titleId}>{words.title}</h2>
        <p className="quiet">{subject}</p>
        <p>{words.consequence}</p>
        <label htmlFor={fieldId}>Reason</label>
        <textarea
          id={fieldId}
          rows={3}
          required
          maxLength={reasonLengthMax}
          value={reason}
          placeholder="For those who look at this later"
          onChange={({ target }) => setReason(target.value)}
        />
        {problem !== '' && (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="submit"
            className={verb === 'abort' ? 'button danger' : 'button primary'}
            disabled={isBusy || reason.trim() === ''}
          >
            {isBusy ? 'Asking the hub …' : words.label}
          </button>
        </div>
      </form>
    </dialog>
  )
}
