import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  bootStartsMax,
  commandLineNames,
  espPaths,
  nodePaths,
  partitionLabels,
  verityBlockBytes,
} from '@skerry/api/os/os-layout'
import { initrdApplets, initrdPrograms, initrdScripts } from './initrd-content.ts'

const directory = join(import.meta.dirname, '../../initrd')
const init = readFileSync(join(directory, 'init'), 'utf8')
const parts = initrdScripts.map((name) => readFileSync(join(directory, `${name}.sh`), 'utf8'))
const script = [init, ...parts].join('\n')
const withoutComments = script.replaceAll(/^\s*#.*$/gm, '')

test('the script and the rest of the product mean the same names', () => {
  for (const name of Object.values(commandLineNames)) assert.ok(script.includes(`${name}=*)`), name)
  assert.ok(script.includes(`for name in ${partitionLabels.slots.join(' ')};`))
  assert.ok(script.includes(`partitions ${partitionLabels.data} `))
  for (const file of ['slot', 'data', 'log', 'disk']) {
    assert.ok(
      script.includes(`>${nodePaths.run}/${file}`) || script.includes(`${nodePaths.run}/${file}"`),
      file,
    )
  }
  assert.ok(script.includes(`/sysroot${nodePaths.data} `))
  assert.ok(script.includes(`${nodePaths.program}/node ${nodePaths.program}/node-os.mjs early`))
  assert.ok(script.includes(`starts_max=${bootStartsMax}\n`))
  assert.ok(script.includes(nodePaths.bootStarts.replace(nodePaths.data, '$data_at')))
  assert.ok(script.includes(nodePaths.osState.replace(nodePaths.data, '$data_at') + '/images/'))
  assert.ok(script.includes(`/esp/${espPaths.entries}/${espPaths.entryPrefix}`))
  assert.ok(script.includes(`partitions ${partitionLabels.esp} `))
  assert.ok(script.includes(`bs=${verityBlockBytes} `))
  assert.ok(script.includes(`${verityBlockBytes} ${verityBlockBytes} $blocks`))
})

test('the script reads every part, and has all of them', () => {
  assert.ok(init.includes(`for part in ${initrdScripts.join(' ')};`))
})

test('the script calls no program that the initrd does not have', () => {
  const builtIn =
    'echo read set return exec export shift local wait true : . continue break exit'.split(' ')
  const functions = [...script.matchAll(/^([a-z_]+)\(\) \{/gm)].map((match) => match[1] ?? '')
  const known = new Set([...builtIn, ...functions, ...initrdApplets, ...initrdPrograms])
  const plain = withoutComments.replaceAll(/\$\(\(.*?\)\)/g, '0')
  const substitutions = [...plain.matchAll(/\$\(([^()]*)\)/g)].map((match) => match[1] ?? '')
  const commands = [plain.replaceAll(/\$\([^()]*\)/g, ''), ...substitutions]
    .map((text) => text.replaceAll(/'[^']*'|"[^"]*"/g, '""'))
    .join('\n')
  // A word at the start of a command: at a line's start, after a pipe, in a list.
  const calls = commands.matchAll(
    /(?:^\s*|[|&;({]\s*|\b(?:if|then|else|do|until|while|!)\s+)([a-z][a-z0-9_]{2,})(?=\s+[-"$/a-z0-9.&]|\s*[;|]|\s*$)/gm,
  )
  const words = new Set([...calls].map((match) => match[1] ?? ''))
  const language = 'for case while until then else elif esac done'.split(' ')
  const unknown = [...words].filter((word) => !known.has(word) && !language.includes(word))
  assert.deepEqual(unknown, [])
  assert.ok(words.size > 20, `only ${words.size} commands were seen`)
})

test('there is no way to a shell, and no switch for tests', () => {
  assert.doesNotMatch(
    withoutComments,
    /\b(ash|sulogin|getty|askfirst)\b|exec (\/usr)?(\/bin\/)?sh\b/,
  )
  assert.doesNotMatch(withoutComments, /\bmk(e2)?fs|skerry\.(hang|debug|shell|test)/)
})
