import { type FakeObject, at, fakeDigest, fakeObject, minuteMs } from './fake-object.ts'

/** The first site's machine fell back from a bad image a while ago; the second one's is trying one now. */
export function fakeDevice(index: number, nowMs: number): FakeObject {
  const id = (version: string) => fakeDigest(`till-${version}`).slice(7, 39)
  const isOnTrial = index === 1
  const running = isOnTrial ? '2.2.0' : '2.1.0'
  const outcome = (result: string, version: string, minutesAgo: number, message: string) => ({
    time: at(nowMs - minutesAgo * minuteMs),
    result,
    evidence: result === 'FellBack' ? 'Gate' : 'None',
    imageId: id(version),
    version,
    digest: fakeDigest(version),
    message,
  })
  return fakeObject({
    kind: 'Device',
    name: `device-${index + 1}-7kq2x`,
    createdMs: nowMs - (index + 2) * 86_400_000,
    body: {
      spec: { site: `depot-${index + 1}`, publicKeyDigest: fakeDigest(`key-${index}`) },
      status: {
        agentVersion: '0.1.0',
        architecture: 'x64',
        os: {
          imageId: id(running),
          version: running,
          digest: fakeDigest(running),
          slot: 'slot-b',
          bootId: '5d1f3b0e-3f0a-4f0c-9a3e-2f6f3c9d1e22',
          bootTime: at(nowMs - (isOnTrial ? 2 : 190) * minuteMs),
          isBlessed: !isOnTrial,
          secureBoot: true,
          loader: 'systemd-boot 262.1-1',
          kernelVersion: '6.12.117+deb13-cloud-amd64',
          phase: isOnTrial ? 'OnTrial' : 'Idle',
          ...(isOnTrial ? { message: 'its health must hold for 30 s: 12 s so far' } : {}),
          slots: [
            { name: 'slot-a', imageId: id('2.0.0'), version: '2.0.0', state: 'Blessed' },
            { name: 'slot-b', imageId: id(running), version: running, state: 'Running' },
            { name: 'slot-c', imageId: id('2.3.0'), version: '2.3.0', state: 'Exhausted' },
          ],
          outcomes: [
            outcome(
              'FellBack',
              '2.3.0',
              188,
              'Its service scanner did not run within 600 s. The machine runs 2.1.0 again and does not try 2.3.0 until it changes.',
            ),
            outcome('Succeeded', '2.1.0', 3 * 24 * 60, 'Healthy after 41 s.'),
          ],
        },
      },
    },
  })
}
