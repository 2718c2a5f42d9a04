import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { networkFile } from './network-files.ts'
import { hasOwnInterfaces } from './network-owner.ts'
import { ntpRequest, readNtpAnswer } from './ntp-message.ts'
import { udhcpcScript } from './udhcpc-script.ts'

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
