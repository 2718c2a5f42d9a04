import { useState } from 'react'

const copiedMs = 2000

/** A command to run, with a button that copies it. */
export function CopyCommand({ command }: { command: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(command).catch(() => undefined)
    setCopied(true)
    setTimeout(() => setCopied(false), copiedMs)
  }
  return (
    <div className="command">
      <code>{command}</code>
      <button type="button" className="button small" onClick={() => void copy()}>
        {isCopied ? 'Copied' : 'Copy'}
        <span className="visually-hidden"> the command</span>
      </button>
    </div>
  )
}
