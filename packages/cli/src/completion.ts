import type { Command } from 'commander'
import { CommandError, exitCodes } from './exit-code.ts'

/** A completion script made from the commands themselves, so that it cannot fall behind. */
export function completionScript(shell: string, program: Command): string {
  if (shell !== 'bash' && shell !== 'zsh')
    throw new CommandError(`completion ${shell}: use bash or zsh`, exitCodes.usage)
  const cases = wordsByCommand(program)
    .map(([path, words]) => `    "${path}") words="${words.join(' ')}" ;;`)
    .join('\n')
  const body = `_skerry() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _skerry skerry
`
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${body}` : body
}

function wordsByCommand(command: Command, path = ''): [string, string[]][] {
  const words = [
    ...command.commands.map((child) => child.name()),
    ...command.options.flatMap((option) => (option.long == null ? [] : [option.long])),
  ]
  const below = command.commands.flatMap((child) =>
    wordsByCommand(child, path === '' ? child.name() : `${path} ${child.name()}`),
  )
  return [[path, words], ...below]
}
