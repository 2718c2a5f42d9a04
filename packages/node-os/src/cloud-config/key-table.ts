import { type Keys } from './readers.ts'
import { checkKeys, interfaceKeys, networkKeys, skerryKeys } from './skerry-keys.ts'
import { stageNames, unbuiltStageAdvice, unbuiltStageNames } from './stage-names.ts'
import {
  directoryKeys,
  dnsKeys,
  fileKeys,
  firstBootKeys,
  ifFilesKeys,
  stepKeys,
  systemctlKeys,
  userKeys,
  writeFileKeys,
} from './step-keys.ts'
import { templateFunctions } from './template.ts'
import { ntpKeys, topKeys } from './top-keys.ts'

const sections: readonly (readonly [title: string, keys: Keys])[] = [
  ['Top-level keys', topKeys],
  ['Keys of a step, in the order in which they are done', stepKeys],
  ['`users`', userKeys],
  ['`files`', fileKeys],
  ['`write_files`', writeFileKeys],
  ['`directories`', directoryKeys],
  ['`dns`', dnsKeys],
  ['`systemctl`', systemctlKeys],
  ['`systemd_firstboot`', firstBootKeys],
  ['`if_files`', ifFilesKeys],
  ['`ntp`', ntpKeys],
  ['`skerry`', skerryKeys],
  ['`skerry.network`', networkKeys],
  ['`skerry.network.interfaces`', interfaceKeys],
  ['`skerry.checks`', checkKeys],
]

/** Every key that the code knows, as documentation. */
export function keyTable(): string {
  return [
    ...sections.flatMap(([title, keys]) => [`### ${title}`, '', ...table(rowsOf(keys)), '']),
    '### Stages',
    '',
    `Run: ${stageNames.map((name) => `\`${name}\``).join(', ')}, each also with \`.before\` and \`.after\`.`,
    '',
    'Known, never run:',
    '',
    ...table([
      ['stage', 'what to do'],
      ...[
        ...unbuiltStageNames.filter(
          (name) => !/\.(before|after)$/.test(name) || /kairos-(uki-)?\w+\.after$/.test(name),
        ),
        'provider-kairos.bootstrap.*',
      ].map((name) => [`\`${name}\``, unbuiltStageAdvice(name) ?? '']),
    ]),
    '',
    '### Templates',
    '',
    `Functions: ${templateFunctions.map((name) => `\`${name}\``).join(', ')}. Values: \`.MachineID\`, \`.UUID\`, \`.Random\`, and of \`.Values\`: \`node.hostname\`, \`node.machineid\`, \`os.name\`, \`os.vendor\`, \`os.version\`, \`os.architecture\`, \`kernel.release\`, \`product.name\`, \`product.vendor\`, \`product.version\`, \`product.serial\`, \`product.uuid\`, \`memory.size\`, \`cpu.cpus\`, \`cpu.model\`.`,
    '',
  ].join('\n')
}

function rowsOf(keys: Keys): string[][] {
  return [
    ['key', 'state', 'value', 'note'],
    ...Object.entries(keys).map(([name, rule]) =>
      rule.status === 'Supported'
        ? [`\`${name}\``, 'supported', rule.reader.form, rule.note]
        : [`\`${name}\``, 'known, not yet', '', rule.advice],
    ),
  ]
}

/** As the formatter lays tables out, so that the two never disagree. */
function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = cells[0]!.map((_, column) =>
    Math.max(3, ...cells.map((row) => row[column]!.length)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [
    line(cells[0]!),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.slice(1).map(line),
  ]
}
