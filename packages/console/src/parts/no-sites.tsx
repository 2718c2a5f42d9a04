import { CopyCommand } from './copy-command.tsx'
import { EmptyNotice } from './notices.tsx'

/** The first thing that a new hub shows: how to get a first site. */
export function NoSites() {
  return (
    <EmptyNotice title="No sites yet">
      <p>A site appears here as soon as its agent joins.</p>
      <ol className="steps">
        <li>
          <p>Make a token that lets devices in:</p>
          <CopyCommand command="npx skerry token create --create-sites" />
        </li>
        <li>
          <p>Run the agent on that machine, with the token that was printed:</p>
          <CopyCommand
            command={`npx skerry agent run --data ./depot-1 --hub ${window.location.origin} --site depot-1 --join TOKEN`}
          />
        </li>
      </ol>
    </EmptyNotice>
  )
}
