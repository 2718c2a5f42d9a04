import { toError } from '@skerry/base/assert'
import { Component, type ReactNode } from 'react'

type Props = { readonly what: string; readonly children: ReactNode }
type State = { readonly fault: Error | undefined }

/** A part of the page that breaks must not take the others with it. */
export class FaultBoundary extends Component<Props, State> {
  override readonly state: State = { fault: undefined }

  static getDerivedStateFromError(thrown: unknown): State {
    return { fault: toError(thrown) }
  }

  override render() {
    const { fault } = this.state
    if (fault === undefined) return this.props.children
    return (
      <div className="notice" role="alert">
        <h2>{this.props.what} cannot be shown</h2>
        <p className="told">{fault.message}</p>
        <p>This is a fault of the console; the hub and the sites go on.</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          Load the page again
        </button>
      </div>
    )
  }
}
