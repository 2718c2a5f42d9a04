import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolError } from '../tools/tool-error.ts'
import { tellAptFailure } from './apt-failure.ts'

const mirror = { main: 'http://mirror/debian', security: 'http://mirror/debian-security' }
const told = (log: string) => {
  const error = new ToolError(`apt-get failed:\n${log}`, { program: 'apt-get', exitCode: 100, log })
  const { reason, message } = tellAptFailure(error, mirror)
  return `${reason}: ${message}`
}

test('what apt says comes with what to do', () => {
  assert.match(
    told('E: Unable to locate package vimm\nE: Unable to locate package curll\n'),
    /^Unresolvable: .* has no package vimm, curll: correct the name/,
  )
  assert.match(
    told('E: Failed to fetch http://mirror/debian/dists/trixie/InRelease  Could not connect'),
    /^Unreachable: .*name another by --mirror/,
  )
  assert.match(told('E: The repository is not signed.'), /^Unresolvable: .*debian-archive-keyring/)
  assert.match(told('spawn apt-get ENOENT'), /^NoApt: .*Debian or Ubuntu/)
  assert.match(told('E: Unmet dependencies'), /^Unresolvable: [^]*Unmet dependencies/)
})
