import { parseArgs } from 'node:util'

const usage = `Usage: node packages/simulator/src/main.ts [options]

  --seed N         the first seed (1)
  --seeds N        how many seeds, one after the other (1)
  --size NAME      small or large (small)
  --without N,N    faults to leave out, by their number
  --plant NAME     with a bug put into the product, to see it caught; "list" tells which there are
  --shrink         a failing run is made smaller until nothing can be left out
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    size: { type: 'string', default: 'small' },
    without: { type: 'string', default: '' },
    plant: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(usage)
else {
  // Bugs are put into modules while they are loaded: before anything of the product is.
  if (values.plant !== undefined) {
    const { plantBug } = await import('./plant-bug.ts')
    plantBug(values.plant)
  }
  const { runSeeds } = await import('./run-seeds.ts')
  const isWell = await runSeeds({
    firstSeed: Number(values.seed),
    seeds: Number(values.seeds),
    size: values.size,
    without: values.without.split(',').filter(Boolean).map(Number),
    plant: values.plant,
    shrinks: values.shrink,
    write: (line) => void process.stdout.write(`${line}\n`),
  })
  process.exitCode = isWell ? 0 : 1
}
