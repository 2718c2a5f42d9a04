// npm run bench -- NAME [NAME …]: runs the benches by name, one after the other, alone on the machine.
// Without a name it lists them. Each writes what it measured to bench/results/NAME.json.
import { globSync } from 'node:fs'
import { basename } from 'node:path'

const known = globSync(`${import.meta.dirname}/*.ts`)
  .map((file) => basename(file, '.ts'))
  .filter((name) => name !== 'run' && !name.endsWith('-client') && !name.startsWith('lib-'))
  .toSorted()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !known.includes(name))

if (wanted.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No bench is called ${unknown.join(', ')}.`)
  console.log(`Benches: ${known.join(', ')}`)
  process.exitCode = unknown.length > 0 ? 2 : 0
}
if (unknown.length === 0)
  for (const name of wanted) {
    console.log(`\n# ${name}`)
    const bench = (await import(`./${name}.ts`)) as { run: () => Promise<void> }
    await bench.run()
  }
