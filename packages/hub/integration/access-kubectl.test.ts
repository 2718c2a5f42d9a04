import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openPeer, peerProblem } from '../conformance/peer.ts'
import type { Target } from '../conformance/send.ts'
import { openAccessRig } from '../src/access/testing/access-rig.ts'

const kubectl = process.env['KUBECTL'] ?? 'kubectl'
const isThere = spawnSync(kubectl, ['version', '--client']).status === 0
const skip = isThere
  ? (peerProblem() ?? false)
  : `${kubectl} cannot be run: put kubectl on the path or name it in KUBECTL`

const commandMsMax = 60_000

const manifest = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'keeper', namespace: 'skk' },
      rules: [
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] },
        { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a', 'b'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'keepers', namespace: 'skk' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'keeper' },
      subjects: [
        { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'kim' },
        { kind: 'ServiceAccount', name: 'robot', namespace: 'skk' },
      ],
    },
  ],
}

/** FILE stands for a file with the manifest above, MORE for one with another subject and rule. */
const commands: readonly string[] = [
  'create namespace skk',
  'auth reconcile -f FILE',
  'auth reconcile -f FILE',
  'auth reconcile -f MORE',
  'auth reconcile -f FILE --remove-extra-permissions --remove-extra-subjects',
  'create clusterrole skk-pods --verb=get,list --resource=configmaps,namespaces/status',
  'create clusterrole skk-paths --verb=get --non-resource-url=/logs/*',
  'create clusterrole skk-all --aggregation-rule=skk=yes',
  'create role more -n skk --verb=* --resource=configmaps --resource-name=x',
  'create clusterrolebinding skk-pods --clusterrole=skk-pods --user=pia --group=gg --serviceaccount=skk:robot',
  'create rolebinding view -n skk --clusterrole=view --group=readers',
  'get clusterrolebinding skk-pods',
  'get clusterrolebinding skk-pods -o wide',
  'get rolebindings -n skk -o wide',
  'describe clusterrole skk-pods',
  'describe clusterrole skk-paths',
  'describe role keeper -n skk',
  'describe rolebinding keepers -n skk',
  'describe clusterrolebinding skk-pods',
  'get rolebinding keepers -n skk -o jsonpath={.subjects}',
  'SETTLE',
  'auth can-i get configmaps -n skk --as=kim',
  'auth can-i get configmaps -n default --as=kim',
  'auth can-i get secrets/a -n skk --as=kim',
  'auth can-i get secrets/c -n skk --as=kim',
  'auth can-i get secret -n skk --as=system:serviceaccount:skk:robot',
  'auth can-i get configmaps --as=pia',
  'auth can-i get configmaps --subresource=log --as=pia',
  'auth can-i get namespaces --subresource=status --as=x --as-group=gg',
  'auth can-i get /logs/a --as=pia',
  'auth can-i get /api --as=pia',
  'auth can-i * *',
  'auth can-i list secrets -A --as=kim',
  'auth can-i --list -n skk --as=kim',
  'auth can-i --list -n default --as=kim',
  'get secrets -n skk --as=kim',
  'get secrets -A --as=kim',
  'get configmaps -n skk --as=kim -o name --field-selector metadata.name=none',
  'delete configmap a -n skk --as=kim',
  'create configmap a -n skk --as=kim',
  'get --raw /version/nothing --as=kim',
  'get --raw /apis/nothing.example/v1/things --as=kim',
  'create clusterrolebinding skk-mine --clusterrole=cluster-admin --user=kim --as=kim',
  'delete clusterrole skk-pods skk-paths skk-all',
  'delete clusterrolebinding skk-pods',
  'delete namespace skk --wait=false',
]

describe('kubectl and roles, at a kube-apiserver and at the hub', { skip }, () => {
  const stack = new AsyncDisposableStack()
  let directory = ''
  let kubeconfigs: readonly string[] = []

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skerry-access-'))
    stack.defer(() => rm(directory, { recursive: true }))
    const rig = stack.use(await openAccessRig())
    const peer = stack.use(await openPeer())
    const [role, binding] = manifest.items
    const more = {
      ...manifest,
      items: [
        { ...role, rules: [{ verbs: ['delete'], apiGroups: [''], resources: ['configmaps'] }] },
        {
          ...binding,
          subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'gg' }],
        },
      ],
    }
    await writeFile(join(directory, 'FILE'), JSON.stringify(manifest))
    await writeFile(join(directory, 'MORE'), JSON.stringify(more))
    kubeconfigs = await Promise.all(
      [peer.target, { label: 'hub', url: rig.url }].map((target) =>
        writeKubeconfig(directory, target),
      ),
    )
  })
  after(() => stack.disposeAsync())

  const run = (kubeconfig: string, command: string): Promise<string> =>
    new Promise((resolve) => {
      const home = join(directory, `home-${kubeconfigs.indexOf(kubeconfig)}`)
      const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig }
      const options = { env, cwd: directory, timeout: commandMsMax }
      execFile(kubectl, command.split(' '), options, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code)
        resolve(`${code}\n${masked(stdout)}${masked(stderr)}`)
      })
    })

  it('says the same', async () => {
    for (const command of commands) {
      if (command === 'SETTLE') {
        await sleep(1500)
        continue
      }
      const [theirs, ours] = await Promise.all(kubeconfigs.map((path) => run(path, command)))
      assert.equal(ours, theirs, `kubectl ${command}`)
    }
  })
})

/** Ages differ, and so does what a server has of its own; lines come in any order in some lists. */
function masked(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\b\d+s\b/g, '0s').trimEnd())
    .toSorted()
    .join('\n')
}

async function writeKubeconfig(directory: string, target: Target): Promise<string> {
  const base64 = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text).toString('base64')
  const path = join(directory, `${target.label}-kubeconfig`)
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'it',
        cluster: {
          server: target.url,
          'certificate-authority-data': base64(target.authority),
        },
      },
    ],
    users: [
      {
        name: 'it',
        user: {
          'client-certificate-data': base64(target.certificate),
          'client-key-data': base64(target.key),
        },
      },
    ],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
    'current-context': 'it',
  }
  await writeFile(path, JSON.stringify(config))
  return path
}
