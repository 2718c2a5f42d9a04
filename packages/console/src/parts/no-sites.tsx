import { CopyCommand } from './copy-command.tsx'
import { EmptyNotice } from './notices.tsx'

/** The first thing that a new hub shows: how to get a first site. */
export function NoSites() {
  return (
    <EmptyNotice title="No sites yet">
      <p>A site appears here as soon as its agent joins.</p>
      <ol className="steps">
        <li>
          <p>Make a token that lets one device in:</p>
          <CopyCommand command="npm run skerry -- token create --site depot-1" />
        </li>
        <li>
          <p>Run the agent on that machine, with the token that was printed:</p>
          <CopyCommand command="npm run skerry -- agent run --token TOKEN" />
        </li>
      </ol>
    </EmptyNotice>
  )
}
