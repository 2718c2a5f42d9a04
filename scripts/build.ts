// Builds what is shipped to a device: the agent and the model server, each as one bundle that needs only
// Node.js (and onnxruntime-node for the model server). Servers run from source and are not built.
import { rmSync, statSync, globSync } from 'node:fs'
import { build } from 'esbuild'

const target = 'dist/device'
rmSync(target, { recursive: true, force: true })
await build({
  entryPoints: {
    agent: 'packages/agent/src/main.ts',
    'model-server': 'packages/inference/src/server-main.ts',
  },
  outdir: target,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  sourcemap: 'linked',
  external: ['onnxruntime-node'],
  logLevel: 'warning',
})
for (const file of globSync(`${target}/*.mjs`))
  console.log(`${file}  ${Math.round(statSync(file).size / 1024)} KiB`)
