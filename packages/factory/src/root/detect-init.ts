import { RootError } from './root-error.ts'
import type { RootTree } from './root-tree.ts'

/** What starts services in a root. */
export const inits = ['systemd', 'openrc', 'sysvinit', 'busybox'] as const

export type Init = {
  readonly name: (typeof inits)[number]
  /** Who reads /etc/inittab: sysvinit and busybox write its lines differently; systemd does not. */
  readonly inittab: 'sysvinit' | 'busybox' | undefined
}

/** Which init a root has, by what it would start. Throws a RootError when it would start nothing. */
export function detectInit(tree: RootTree): Init {
  const at = (path: string) => tree.resolve(path)
  const has = (path: string) => tree.file(at(path)) !== undefined
  const started = at('sbin/init')
  if (started.endsWith('/systemd') || (!has('sbin/init') && has('lib/systemd/systemd')))
    return { name: 'systemd', inittab: undefined }
  if (started.endsWith('/openrc-init'))
    throw new RootError(
      'The root is started by openrc-init, which reads no /etc/inittab: take sysvinit or busybox as /sbin/init with OpenRC.',
    )
  if (has('sbin/init')) {
    const inittab = started.endsWith('/busybox') ? 'busybox' : 'sysvinit'
    return { name: has('sbin/openrc') ? 'openrc' : inittab, inittab }
  }
  throw new RootError(
    'The root has no /sbin/init: it is an image for containers. Add an init to it, such as systemd with systemd-sysv, or openrc.',
  )
}
