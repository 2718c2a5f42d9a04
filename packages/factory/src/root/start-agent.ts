import { nodePaths } from '@skerry/api/os/os-layout'
import type { Init } from './detect-init.ts'
import { putLink, putText, readText } from './edit-text.ts'
import type { RootTree } from './root-tree.ts'

/** What the agent is started as on a machine that is an image. */
export const agentCommand = `${nodePaths.program}/node ${nodePaths.program}/agent.mjs --node`

const unit = `[Unit]
Description=Skerry agent
Documentation=https://skerry.dev
After=local-fs.target
# It owns the machine's watchdog and decides about a new image: it is never given up.
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${agentCommand}
Restart=always
RestartSec=2
KillMode=mixed
TimeoutStopSec=30
OOMScoreAdjust=-900
# While all services start at once it comes before those that only a person waits for.
StartupCPUWeight=1000
LimitNOFILE=65536
SyslogIdentifier=agent
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
`

/** Makes the root start the agent, and start it again whenever it ends. */
export async function startAgent(tree: RootTree, init: Init): Promise<void> {
  if (init.inittab === undefined) {
    putText(tree, 'usr/lib/systemd/system/skerry-agent.service', unit)
    putLink(
      tree,
      'usr/lib/systemd/system/multi-user.target.wants/skerry-agent.service',
      '../skerry-agent.service',
    )
    return
  }
  const before = (await readText(tree, 'etc/inittab')) ?? ''
  const lines = before.split('\n').filter((line) => !line.includes(nodePaths.program))
  while (lines.at(-1) === '') lines.pop()
  putText(tree, 'etc/inittab', `${[...lines, ...respawnLines[init.inittab]].join('\n')}\n`)
}

/** Its words are for the console, as those of the initrd; its log is on the data partition. */
const respawnLines: Readonly<Record<'sysvinit' | 'busybox', readonly string[]>> = {
  sysvinit: [
    '# The agent: it owns the watchdog and decides about a new image.',
    `sk:12345:respawn:${agentCommand} </dev/null >/dev/console 2>&1`,
  ],
  busybox: [
    '# The agent: it owns the watchdog and decides about a new image.',
    `::respawn:/bin/sh -c 'exec ${agentCommand} </dev/null >/dev/console 2>&1'`,
  ],
}
