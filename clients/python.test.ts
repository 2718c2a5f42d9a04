// The Python client's day, in a virtual environment that is kept in the cache directory.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { openClientsRig, ranWell } from './clients-rig.ts'

const folder = join(import.meta.dirname, 'python')
const requirements = join(folder, 'requirements.txt')
const version = readFileSync(requirements, 'utf8').trim().replaceAll('=', '')
const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
const environment = join(cache, 'skerry/clients', `python-${version}`)
const python = join(environment, 'bin/python')

/** Why it is left out here; false when there is a Python with the client. */
function findProblem(): string | false {
  const run = (program: string, ...args: string[]) => spawnSync(program, args).status === 0
  const isThere = () => existsSync(python) && run(python, '-c', 'import kubernetes')
  if (isThere()) return false
  if (!run('python3', '-m', 'venv', environment)) return 'there is no python3 with venv'
  run(python, '-m', 'pip', 'install', '--quiet', '--requirement', requirements)
  return isThere() ? false : `pip cannot install ${version}: no way to a package index from here`
}

it('applies, lists, watches, patches and deletes', { skip: findProblem() }, async () => {
  await using rig = await openClientsRig()
  const said = await ranWell(rig, python, join(folder, 'day.py'), rig.kubeconfig)
  assert.deepEqual(JSON.parse(said), {
    namespaced: true,
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    applied: ['oslo', 'python'],
    conflict: '.spec.site',
    listed: [
      ['py-1', 'oslo'],
      ['py-2', 'bergen'],
    ],
    patched: 'cork',
    seen: [
      ['MODIFIED', 'py-2'],
      ['DELETED', 'py-1'],
    ],
    strategic: { a: '1', b: '2' },
    gone: 'devices.skerry.dev "py-2" not found',
    typed: ['default'],
  })
})
