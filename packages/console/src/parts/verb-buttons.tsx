import type { Rollout } from '@skerry/api/kinds/rollout'
import { useState } from 'react'
import { hub } from '../api/hub.ts'
import { verbPath } from '../api/resources.ts'
import { type RolloutVerb, isVerbAllowed, rolloutVerbs, verbWords } from '../logic/rollout-verbs.ts'
import { ReasonDialog } from './reason-dialog.tsx'

/** The verbs of a rollout. One that its phase does not allow is there, but cannot be pressed. */
export function VerbButtons({ rollout, namespace }: { rollout: Rollout; namespace: string }) {
  const [asked, setAsked] = useState<RolloutVerb>()
  const [done, setDone] = useState('')
  const { name } = rollout.metadata
  return (
    <>
      {rolloutVerbs.map((verb) => (
        <button
          key={verb}
          type="button"
          className={verb === 'abort' ? 'button danger' : 'button'}
          disabled={!isVerbAllowed(verb, rollout.status)}
          onClick={() => setAsked(verb)}
        >
          {verbWords[verb].label}
        </button>
      ))}
      <span className="done" role="status">
        {done}
      </span>
      {asked !== undefined && (
        <ReasonDialog
          verb={asked}
          subject={`${name} of fleet ${rollout.spec.fleet}`}
          onClose={() => setAsked(undefined)}
          onDo={async (reason) => {
            await hub.send('POST', verbPath(namespace, name, asked), { reason })
            setDone(verbWords[asked].done)
          }}
        />
      )}
    </>
  )
}
