import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Plugin, build } from 'esbuild'

/** The programs of a device, each in one file that needs only Node.js (the model server also ONNX Runtime). */
const entryPoints = {
  agent: '../../../agent/src/main.ts',
  'model-server': '../../../inference/src/server-main.ts',
  'node-os': '../../../node-os/src/node-os-main.ts',
} as const

/**
 * Node's own modules as objects that are asked when something is needed. As ES modules each of their exports
 * would be read at the start, and some of those are getters that load the half of Node.js: `http` alone brings
 * fetch and WebSocket, a sixth of what a start of the agent costs.
 */
const builtinsAsObjects: Plugin = {
  name: 'builtins as objects',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    bundle.onLoad({ filter: /^node:/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
      loader: 'js',
    }))
  },
}

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
    plugins: [builtinsAsObjects],
    logLevel: 'warning',
  })
}
