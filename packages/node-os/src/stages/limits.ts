/** A command before init: longer, and the machine looks dead. */
export const earlyCommandMs = 60_000
/** All commands before init together: the initrd ends everything after 120 s. */
export const earlyTotalMs = 90_000
/** A command of a later stage. */
export const lateCommandMs = 300_000
/** All commands of one later stage together. */
export const lateTotalMs = 1_800_000
/** systemctl, mount, modprobe: what is not the user's own. */
export const toolMs = 30_000
/** Of a command's output the end is kept, for the sentence that says how it failed. */
export const outputCharactersMax = 4096
/** Of that, what stands in the sentence. */
export const saidOutputCharactersMax = 200
/** Findings and problems that are printed on the console; all stand in the report. */
export const saidLinesMax = 40
/** Problems of one stage that are kept. */
export const problemsMax = 200
/** How deep folders with configuration are looked into. */
export const sourceDepthMax = 4
/** Block devices that are looked at for a config drive. */
export const blockDevicesMax = 64
/** A file that cloud-config unpacks from gzip. */
export const unpackedBytesMax = 64 * 1024 * 1024
/** Numbers of people, as systemd and Debian divide them. */
export const personIdMin = 1000
export const personIdMax = 59_999
export const systemIdMin = 100
export const systemIdMax = 999
/** Longer passwords are refused by most programs that ask for one, and hashing takes its time. */
export const passwordBytesMax = 512
/** Below this day (2022) the clock is not set, and a password's age would be nonsense. */
export const firstBelievedDay = 19_000
