import type { Rollout } from '@skerry/api/kinds/rollout'
import { useNow } from '../api/use-now.ts'
import { chipsShownMax } from '../limits.ts'
import { type RolloutSiteState, rolloutSiteLooks, waveLooks } from '../logic/looks.ts'
import { type TrackWave, trackWaves } from '../logic/wave-track.ts'
import { hrefOf } from '../routes.ts'
import { Mark, StatusMark } from './status-mark.tsx'

/** The waves in order, each with its sites. */
export function WaveTrack({ rollout, namespace }: { rollout: Rollout; namespace: string }) {
  const nowMs = useNow(1000)
  const waves = trackWaves(rollout, chipsShownMax, nowMs)
  if (waves.length === 0)
    return <p className="quiet padded">The waves are planned when the rollout starts.</p>
  return (
    <ol className="track">
      {waves.map((wave) => (
        <li
          key={wave.name}
          className={`wave tone-${waveLooks[wave.state].tone}`}
          aria-current={wave.name === rollout.status?.wave ? 'step' : undefined}
        >
          <WaveHead wave={wave} />
          <ul className="chips">
            {wave.sites.map((site) => {
              const look = rolloutSiteLooks[site.state]
              const title = [look.words, site.message].filter(Boolean).join(': ')
              return (
                <li key={site.name}>
                  <a
                    className={`chip tone-${look.tone}`}
                    href={hrefOf('site', { namespace, name: site.name })}
                    title={title}
                  >
                    <Mark tone={look.tone} />
                    {site.name}
                    {isTold(site.state) && <em>{rolloutSiteLooks[site.state].words}</em>}
                    <span className="visually-hidden">: {title}</span>
                  </a>
                </li>
              )
            })}
            {wave.hidden > 0 && <li className="quiet">and {wave.hidden} more</li>}
          </ul>
        </li>
      ))}
    </ol>
  )
}

/** What is as expected needs no words beside its mark. */
function isTold(state: RolloutSiteState): boolean {
  return state !== 'Waiting' && state !== 'Updated'
}

function WaveHead({ wave }: { wave: TrackWave }) {
  return (
    <div className="wave-head">
      <h3>{wave.name}</h3>
      <p>
        <StatusMark look={waveLooks[wave.state]} />
        <span className="quiet"> · {wave.counts} updated</span>
      </p>
      {wave.soak !== undefined && (
        <p className="soak">
          <progress value={wave.soak.share} max={1} aria-label={`Soak of ${wave.name}`} />
          <span className="quiet">{wave.soak.words}</span>
        </p>
      )}
    </div>
  )
}
