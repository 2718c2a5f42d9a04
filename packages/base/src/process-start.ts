/**
 * When a process of Linux started, in clock ticks from boot, from the text of `/proc/PID/stat` (field 22).
 * With its number it names a process that cannot be mistaken for a later one. Undefined: it has ended.
 */
export function startTicksOf(stat: string): string | undefined {
  // The second field is the program's name in parentheses and may hold anything, even parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}
