import type { ConsoleLine } from '@skerry/factory/lab/console-lines'

/** What a machine told of itself in one boot, by name, as `probe-config.ts` asks for it. */
export type Telling = Readonly<Record<string, string>>

/** The last thing of each name among these lines. */
export function readTelling(lines: readonly Pick<ConsoleLine, 'text'>[]): Telling {
  const told: Record<string, string> = {}
  for (const { text } of lines) {
    const found = /@@ ([a-z-]+): (.*)$/.exec(text)
    if (found !== null) told[found[1]!] = found[2]!
  }
  return told
}

/** What is not as it must be in every boot of every root, as sentences. */
export function problemsOf(
  told: Telling,
  wanted: { readonly version: string; readonly site: string },
): string[] {
  const { version, site } = wanted
  const rules: readonly (readonly [name: string, pattern: RegExp])[] = [
    ['version', new RegExp(`This is version ${version.replaceAll('.', '\\.')}\\.`)],
    ['hostname', new RegExp(`^${site};${site};$`)],
    ['machine-id', /^[0-9a-f]{32};$/],
    ['root', /\/ erofs ro;.*\/etc overlay rw;/],
    ['root', /\/tmp tmpfs rw;/],
    ['root', /\/data ext4 rw;/],
    ['root', /\/var ext4 rw;/],
    ['etc', /No such file/],
    ['usr', /Read-only file system/],
    ['home', /admin:x:\d+:\d+:/],
    ['address', /10\.0\.2\.15\/24/],
    ['address', /default via 10\.0\.2\.2/],
    ['resolver', /nameserver 10\.0\.2\.3/],
    ['names', /127\.0\.0\.1 localhost \w+/],
    ['initrd', /^slot-[abc];Healthy;/],
    ['failed', /^$/],
  ]
  return rules
    .filter(([name, pattern]) => !pattern.test(told[name] ?? ''))
    .map(([name, pattern]) => `${name} is ${JSON.stringify(told[name])}, and must match ${pattern}`)
}

/** What has to be the same after a restart and an update, or to have grown. */
export function problemsBetween(before: Telling, after: Telling): string[] {
  const same = ['machine-id', 'keys'].filter((name) => before[name] !== after[name])
  const grown = ['var', 'home'].filter(
    (name) =>
      (after[name]?.match(/\bx;/g)?.length ?? 0) <= (before[name]?.match(/\bx;/g)?.length ?? 0),
  )
  return [
    ...same.map((name) => `${name} was ${before[name]} and is ${after[name]}`),
    ...grown.map((name) => `what was written to ${name} is gone: ${after[name]}`),
  ]
}
