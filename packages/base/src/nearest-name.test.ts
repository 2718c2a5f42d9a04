import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from './nearest-name.ts'

test('the name that was meant is found, and none where nothing is near', () => {
  const names = ['hostname', 'agent', 'packages', 'ssh_authorized_keys']
  assert.equal(nearestName('hostnme', names), 'hostname')
  assert.equal(nearestName('agnet', names), 'agent')
  assert.equal(nearestName('Packages', names), 'packages')
  assert.equal(nearestName('ssh-authorized-keys', names), 'ssh_authorized_keys')
  assert.equal(nearestName('volume', names), undefined)
  assert.equal(nearestName('', names), undefined)
})
