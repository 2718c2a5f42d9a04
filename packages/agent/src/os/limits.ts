/** Bounds of what the agent does about the operating system, each with its unit and its reason. */

/** Between two looks at a new image's health: commands are started each time. */
export const trialRoundMs = 5000
/** So long everything must be well in a row: what crashes on start does so within seconds. */
export const healthHoldMs = 30_000
/** Between two looks at an image that was kept. */
export const careRoundMs = 60_000
/** For one service or one model to answer. */
export const probeMs = 10_000
/** For one of the user's commands; its group is killed after that. */
export const commandMs = 30_000
/** After SIGKILL a process is waited for no longer. */
export const commandKillMs = 2000
/** A kernel in a bad state may never let go of a process: so many are started beside it, no more. */
export const commandsAtOnceMax = 4
/** Problems that a verdict names. */
export const problemsNamedMax = 5
export const problemLengthMax = 300

/** For the hub to answer just before a restart, so that its silence afterwards means something. */
export const hubAnswerMs = 5000
/** For the last report before a restart to reach the hub. */
export const announceMs = 5000
/** A restart that was ordered and did not come is ordered again. The watchdog is not fed meanwhile. */
export const restartGraceMs = 120_000

/** The signed description of an image: half a MiB holds a thousand of them. */
export const imageEnvelopeBytesMax = 512 * 1024

/** The initrd armed the watchdog for 180 s: it is fed often enough that some rounds may be slow. */
export const watchdogRoundMs = 10_000
/**
 * The device is opened this late. The kernel feeds it once whenever it is closed, as by an agent that
 * crashes: one that never lives so long must not keep the machine from its reset.
 */
export const watchdogFirstMs = 15_000
/** The loop that makes the site so comes round at least this often on a machine with a watchdog. */
export const seekRoundMsMax = 30_000
/** Then it is stuck: a step may mount and repair the ESP of a slow disk. */
export const seekStuckMs = 300_000
/** The disk is tried this seldom, as each time writes to flash. */
export const diskCheckMs = 60_000
export const diskAnswerMs = 30_000
export const initAnswerMs = 10_000
/** How often the device is looked for if another program holds it. */
export const watchdogOpenRetryMs = 60_000

/** Stages called `reconcile` run this often. */
export const reconcileMs = 300_000
/** Without a hub the configuration is read again this often: somebody may bring it. */
export const configCheckMs = 30_000
/** Stages may run commands that take minutes: the agent waits for them so long. */
export const stagesPatienceMs = 120_000
/** Tries to read what is on the disks of the machine. */
export const openTriesMax = 3
/** Outcomes that travel with each report; the machine keeps more. */
export const outcomesReportedMax = 3
export const outcomeMessageLengthMax = 500
