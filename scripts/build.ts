// Builds what is shipped to a device: agent, model server and boot stages, each as one bundle that needs
// only Node.js (the model server also ONNX Runtime). Servers run from source and are not built.
import { globSync, rmSync, statSync } from 'node:fs'
import { bundlePrograms } from '@skerry/factory/program/bundle-programs'

const target = 'dist/device'
rmSync(target, { recursive: true, force: true })
await bundlePrograms(target, true)
for (const file of globSync(`${target}/*.mjs`))
  console.log(`${file}  ${Math.round(statSync(file).size / 1024)} KiB`)
