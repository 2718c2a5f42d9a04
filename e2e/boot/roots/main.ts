// node e2e/boot/roots/main.ts [--secure-boot] [ROOT …]: each root from power-on through an update and a bad image.
import { parseArgs } from 'node:util'
import { toError } from '@skerry/base/assert'
import { ensureLabTrees } from '@skerry/factory/lab/lab-trees'
import { buildRootImages, rootNames } from './root-images.ts'
import { tourRoot } from './tour-root.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'secure-boot': { type: 'boolean', default: false } },
})
const secureBoot = values['secure-boot']
const wanted = rootNames.filter((name) => positionals.length === 0 || positionals.includes(name))
const trees = await ensureLabTrees()
for (const name of wanted) {
  const say = (line: string) => process.stdout.write(`${name}: ${line}\n`)
  try {
    const images = await buildRootImages({ name, isLean: true, say })
    await tourRoot(trees, images, { secureBoot, say })
    say('passed')
  } catch (error) {
    say(`FAILED: ${toError(error).message}`)
    process.exitCode = 1
  }
}
