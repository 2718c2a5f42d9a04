import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkConfig } from '@skerry/node-os/cloud-config/check-config'
import { renderChecked } from './config-check.ts'

const check = (...texts: readonly string[]) =>
  checkConfig(
    texts.map((text, index) => ({ name: `${index}.yaml`, bytes: new TextEncoder().encode(text) })),
  )

describe('skerry config check', () => {
  it('lists what is wrong and what each stage will do, in order', () => {
    const checked = check(
      '#cloud-config\nhostname: a\nk3s: {}\nskerry: {hub: "https://hub:7443", token: s3cret}\nruncmd: [date]\n',
      '#cloud-config\nhostname: [b]\nstages:\n  initramfs.before: [{name: first, commands: ["true"]}]\n',
    )
    assert.equal(
      renderChecked(checked, 'table'),
      `0.yaml:3:1: warning: k3s: k3s is known and not built yet: it is not carried out; Kubernetes is not started from cloud-config yet
1.yaml:2:11: error: hostname: must be text, and is a list; this value is left out

hub: https://hub:7443
join token: given
stage initramfs.before
  first  1.yaml:4:22
    run line 4: true
stage initramfs
  top-level keys  0.yaml:2:1
    set the host name to a
stage boot
  top-level keys  0.yaml:2:1
    run line 5: date
1 errors, 1 warnings in 2 files
`,
    )
  })

  it('prints the same for programs, without secrets', () => {
    const text = renderChecked(
      check('#cloud-config\nskerry: {token: s3cret}\nusers: [{name: a, passwd: s3cret}]\n'),
      'json',
    )
    assert.deepEqual(JSON.parse(text).stages[0].steps[0].acts, ['user a: password set'])
    assert.doesNotMatch(text, /s3cret/)
  })
})
