import { type FakeObject, at, fakeDigest, fakeObject, minuteMs } from './fake-object.ts'

const places = [
  ['Depot Hamburg', 'Europe/Berlin', 53.55, 10],
  ['Depot Lyon', 'Europe/Paris', 45.76, 4.84],
  ['Depot Osaka', 'Asia/Tokyo', 34.69, 135.5],
  ['Depot Porto', 'Europe/Lisbon', 41.15, -8.61],
  ['Depot Chicago', 'America/Chicago', 41.88, -87.63],
  ['Depot Pune', 'Asia/Kolkata', 18.52, 73.86],
] as const

type SiteMood = Record<string, unknown>

/** Most sites are well; a few show what else there is. */
function moodOf(index: number, nowMs: number): SiteMood {
  if (index === 3)
    return {
      connectivity: 'Offline',
      connectivityChangedTime: at(nowMs - 83 * minuteMs),
      lastSeenTime: at(nowMs - 84 * minuteMs),
      sync: 'Parked',
    }
  if (index === 4)
    return {
      health: 'Degraded',
      healthMessage: 'feeder was restarted 4 times in the last hour',
      sync: 'OutOfSync',
    }
  if (index === 7)
    return { health: 'Failed', healthMessage: 'the disk is full: 0 bytes free of 8 GB' }
  if (index === 9) return { sync: 'Progressing' }
  return {}
}

function fakeStatus(index: number, nowMs: number): Record<string, unknown> {
  const version = index === 0 || index === 9 ? 'v2' : 'v1'
  const mood = moodOf(index, nowMs)
  const layer = (name: string, type: string, more: Record<string, unknown>) => ({
    name,
    type,
    ...more,
  })
  const feederState =
    index === 4
      ? {
          state: 'Starting',
          restarts: 4,
          message: 'ended with exit code 1: the camera does not answer',
        }
      : { state: 'Running', restarts: 0 }
  return {
    connectivity: 'Online',
    connectivityChangedTime: at(nowMs - 26 * 60 * minuteMs),
    lastSeenTime: at(nowMs - index * 900),
    health: 'Healthy',
    sync: 'Synced',
    device: `device-${index + 1}-7kq2x`,
    agentVersion: '0.1.0',
    models: `digits ${version}`,
    applied: { epoch: 1, revision: 41 + index, time: at(nowMs - 50 * minuteMs) },
    desired: { epoch: 1, revision: 41 + index + (index === 9 ? 1 : 0) },
    layers: [
      layer('digits', 'model', {
        version,
        digest: fakeDigest(`digits-${version}`),
        state: 'Running',
        restarts: 0,
        message: 'answers its self-test',
      }),
      layer('feeder', 'workload', { digest: fakeDigest('feeder'), ...feederState }),
    ],
    ...(index === 0
      ? {
          failed: [
            {
              layer: 'digits',
              digest: fakeDigest('digits-v3'),
              attempt: 1,
              message: 'rolled back by digits-rollout-3: accuracy 91.4% against 96.6%',
            },
          ],
        }
      : {}),
    ...mood,
  }
}

export function fakeSite(index: number, nowMs: number): FakeObject {
  const [title, timeZone, latitude, longitude] = places[index % places.length]!
  return fakeObject({
    kind: 'Site',
    name: `depot-${index + 1}`,
    createdMs: nowMs - (index + 2) * 86_400_000,
    labels: { region: index % 2 === 0 ? 'north' : 'south', tier: index < 3 ? 'canary' : 'all' },
    body: {
      spec: {
        displayName:
          index < places.length ? title : `${title} ${Math.floor(index / places.length) + 1}`,
        timeZone,
        location: { latitude, longitude },
        variables: {},
        telemetry: { intervalSeconds: 10 },
      },
      ...(index === 11 ? {} : { status: fakeStatus(index, nowMs) }),
    },
  })
}
