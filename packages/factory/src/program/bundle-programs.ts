import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The programs of a device, each in one file that needs only Node.js (the model server also ONNX Runtime). */
const entryPoints = {
  agent: '../../../agent/src/main.ts',
  'model-server': '../../../inference/src/server-main.ts',
  'node-os': '../../../node-os/src/node-os-main.ts',
} as const

/** Writes `NAME.mjs` for each program into a directory. Equal source makes equal bytes. */
export async function bundlePrograms(directory: string, hasSourceMaps = false): Promise<void> {
  const entries = Object.entries(entryPoints).map(
    ([name, path]) => [name, fileURLToPath(new URL(path, import.meta.url))] as const,
  )
  await build({
    entryPoints: Object.fromEntries(entries.filter(([, path]) => existsSync(path))),
    absWorkingDir: fileURLToPath(new URL('../../../..', import.meta.url)),
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    // CommonJS libraries ask for `require`, which a module does not have.
    banner: {
      js: "import { createRequire as skerryRequire } from 'node:module'; const require = skerryRequire(import.meta.url);",
    },
    ...(hasSourceMaps ? { sourcemap: 'linked' as const } : {}),
    external: ['onnxruntime-node'],
    logLevel: 'warning',
  })
}
