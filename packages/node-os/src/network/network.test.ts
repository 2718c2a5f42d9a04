import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import type { StageHost } from '../stages/stage-host.ts'
import { networkFile } from './network-files.ts'
import { hasOwnInterfaces } from './network-owner.ts'
import { ntpRequest, readNtpAnswer } from './ntp-message.ts'
import { setClock } from './set-clock.ts'
import { udhcpcScript } from './udhcpc-script.ts'
import { hasRoute, waitForNetwork } from './wait-for-network.ts'

/** A machine of a few files, whose clock moves when somebody waits. */
function fakeMachine(files: Readonly<Record<string, string>>) {
  let nowMs = 0
  const asked: string[] = []
  const refuse = () => {
    throw new Error('not in this test')
  }
  const host: StageHost = {
    phase: 'late',
    architecture: 'x64',
    clock: {
      now: () => nowMs,
      monotonicMs: () => nowMs,
      sleep: async (delayMs) => {
        nowMs += delayMs
      },
    },
    random: seededRandom(1),
    say: refuse,
    read: (path) => (files[path] === undefined ? undefined : new TextEncoder().encode(files[path])),
    readAt: refuse,
    write: refuse,
    tell: refuse,
    look: () => undefined,
    list: () => [],
    makeDirectory: refuse,
    link: refuse,
    remove: refuse,
    run: async ({ command }) => {
      asked.push(command.slice(1).join(' '))
      return { ok: true, output: '' }
    },
  }
  return { host, asked, elapsedMs: () => nowMs }
}

describe('a file of systemd-networkd', () => {
  it('asks for DHCP where there are no addresses, and with them where both are wished', () => {
    assert.match(networkFile({ name: 'eth0' }, 0).content, /Name=eth0[\s\S]*DHCP=yes/)
    assert.doesNotMatch(networkFile({ addresses: ['10.0.0.1/8'] }, 0).content, /DHCP/)
    assert.match(
      networkFile({ addresses: ['10.0.0.1/8'], dhcp: true }, 0).content,
      /DHCP=yes\nAddress=10\.0\.0\.1\/8/,
    )
  })
})

describe('the interfaces of a root', () => {
  it('are its own if it names more than the loopback', () => {
    assert.equal(hasOwnInterfaces('auto lo\niface lo inet loopback\n'), false)
    assert.equal(hasOwnInterfaces('auto lo\nauto eth0\n'), true)
    assert.equal(hasOwnInterfaces('source /etc/network/interfaces.d/*\n'), true)
  })
})

describe('an answer of a time server', () => {
  const answer = (change: (message: DataView) => void = () => {}) => {
    const message = new DataView(new ArrayBuffer(48))
    message.setUint8(0, 0x24)
    message.setUint8(1, 2)
    message.setUint32(40, 1_795_000_000 + 2_208_988_800)
    message.setUint32(44, 2 ** 31)
    change(message)
    return new Uint8Array(message.buffer)
  }

  it('is read as milliseconds since 1970', () => {
    assert.equal(readNtpAnswer(answer()), 1_795_000_000_500)
  })

  it('is read after 2036 too', () => {
    assert.equal(
      readNtpAnswer(
        answer((message) => message.setUint32(40, 2_208_988_800 + 2_100_000_000 - 2 ** 32)),
      ),
      2_100_000_000_500,
    )
  })

  const lies: [string, Uint8Array][] = [
    ['too short', answer().subarray(0, 47)],
    ['of a client', ntpRequest()],
    ['of a server without time', answer((message) => message.setUint8(0, 0xe4))],
    ['a kiss of death', answer((message) => message.setUint8(1, 0))],
    ['without a time', answer((message) => message.setUint32(40, 0))],
  ]
  for (const [what, message] of lies)
    it(`that is ${what} is none`, () => {
      assert.equal(readNtpAnswer(message), undefined)
    })
})

describe('the script of the DHCP client', () => {
  it('needs no program but our own', () => {
    const lines = udhcpcScript('/b').split('\n')
    assert.equal(lines[0], '#!/b sh')
    assert.deepEqual(
      lines.filter((line) => /^\s*(ip|mv|ifconfig|route)\b/.test(line)),
      [],
    )
  })
})

describe('a way out', () => {
  const head = 'Iface\tDestination\tGateway \tFlags\n'
  const zeros = '0'.repeat(32)
  const routes: [string, Readonly<Record<string, string>>, boolean][] = [
    ['by IPv4', { '/proc/net/route': `${head}eth0\t00000000\t01004D0A\t0003\n` }, true],
    [
      'to the neighbours only',
      { '/proc/net/route': `${head}eth0\t00004D0A\t00000000\t0001\n` },
      false,
    ],
    [
      'by IPv6',
      {
        '/proc/net/ipv6_route': `${zeros} 00 ${zeros} 00 fe80${'0'.repeat(28)} 00000400 1 0 00450003 eth0\n`,
      },
      true,
    ],
    [
      'that the kernel refuses',
      { '/proc/net/ipv6_route': `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 1 0 00200200 lo\n` },
      false,
    ],
    ['that nobody knows', {}, false],
  ]
  for (const [name, files, expected] of routes)
    it(`${name} is ${expected ? 'one' : 'none'}`, () => {
      assert.equal(hasRoute(fakeMachine(files).host), expected)
    })

  it('is waited for, and not for ever', async () => {
    const told: string[] = []
    const machine = fakeMachine({})
    await waitForNetwork(machine.host, (message) => told.push(message))
    assert.equal(machine.elapsedMs(), 30_000)
    assert.match(told.join(), /no default route after 30 s/)
  })
})

describe('the clock of a machine without timesyncd', () => {
  it('is set from the first server that answers', async () => {
    const { host, asked } = fakeMachine({})
    await setClock(host, ['dead', 'alive'], assert.fail, async (server) =>
      server === 'alive' ? 1_795_000_000_400 : undefined,
    )
    assert.deepEqual(asked, ['date -u -s @1795000000'])
  })

  it('stays if it is near enough, and if nobody answers, which is said', async () => {
    const told: string[] = []
    const { host, asked } = fakeMachine({})
    await setClock(host, ['alive'], assert.fail, async () => 1500)
    await setClock(
      host,
      ['dead'],
      (message) => told.push(message),
      async () => undefined,
    )
    assert.deepEqual(asked, [])
    assert.match(told.join(), /none of dead answers/)
  })
})
