import type { HubAccess } from '../hub-access.ts'
import { relative } from 'node:path'
import { paint } from '../output.ts'

type Running = {
  readonly data: string
  readonly kubeconfig: string
  readonly names: readonly string[]
}

/** What runs, where to look, and five things to try. */
export async function showWelcome(hub: HubAccess, running: Running): Promise<void> {
  const link = await consoleLink(hub)
  const here = relative(process.cwd(), running.kubeconfig)
  const kubeconfig = here === '' || here.startsWith('..') ? running.kubeconfig : here
  const examples = relative(
    process.cwd(),
    new URL('../../../../examples/digits', import.meta.url).pathname,
  )
  const flag = kubeconfig === '.skerry/kubeconfig' ? '' : ` --kubeconfig ${kubeconfig}`
  console.log(`
${paint.bold('Running')}
  hub         ${hub.address.server}
  sites       ${running.names.join(', ')}: each reads digits from labels with a model of its own
  data, logs  ${running.data}

${paint.bold('Look')}
  console     ${link}
              (this link signs in once; another: npx skerry console${flag}. The browser will ask about
              the hub's own certificate authority.)
  kubeconfig  ${kubeconfig}

${paint.bold('Try')}
  npx skerry site list${flag}
  npx skerry model push ${examples}/digits-v2.onnx --model digits --watch${flag}    # better: passes
  npx skerry model push ${examples}/digits-v3.onnx --model digits --watch${flag}    # worse: rolled back
  npx skerry model push ${examples}/digits-v4.onnx --model digits --watch${flag}    # slow: rolled back
  kubectl --kubeconfig ${kubeconfig} get sites -w

Ctrl-C ends everything; the next start goes on from here.
`)
}

/** A link that signs in once. */
export async function consoleLink(hub: HubAccess): Promise<string> {
  const { code } = (await hub.request('POST', '/auth/one-time-codes', {})) as { code: string }
  return `${hub.address.server}/#/sign-in?code=${code}`
}
