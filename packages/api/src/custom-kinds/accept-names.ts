import type { AnyKind } from '../kind.ts'
import {
  type Definition,
  type DefinitionCondition,
  type DefinitionNames,
  isConditionTrue,
} from './definition.ts'

export type Acceptance = {
  readonly acceptedNames: DefinitionNames
  readonly namesAccepted: DefinitionCondition
  readonly established: DefinitionCondition
}

type Taken = { readonly resources: ReadonlySet<string>; readonly kinds: ReadonlySet<string> }

/**
 * Which of its names a definition gets: those that nobody else of its group has. Who has a name keeps it.
 * Established once all names were accepted, and ever after.
 */
export function acceptNames(
  definition: Definition,
  others: readonly Definition[],
  builtIn: readonly AnyKind[],
): Acceptance {
  const taken = takenNames(definition, others, builtIn)
  const wanted = definition.spec.names
  const had = definition.status?.acceptedNames
  const { singular = '', listKind = '', shortNames = [], categories } = wanted
  const accepted: Record<string, unknown> = { ...had, categories }
  let conflict: { reason: string; message: string } | undefined
  const claim = (
    field: string,
    names: readonly string[],
    isKind: boolean,
    reason: string,
  ): void => {
    const used = isKind ? taken.kinds : taken.resources
    const first = names.find((name) => name !== '' && used.has(name))
    if (first === undefined) accepted[field] = field === 'shortNames' ? names : (names[0] ?? '')
    else conflict = { reason, message: `"${first}" is already in use` }
  }
  claim('plural', [wanted.plural], false, 'PluralConflict')
  claim('singular', [singular], false, 'SingularConflict')
  claim('shortNames', shortNames, false, 'ShortNamesConflict')
  claim('kind', [wanted.kind], true, 'KindConflict')
  claim('listKind', [listKind], true, 'ListKindConflict')
  const isAccepted = conflict === undefined
  const wasEstablished = isConditionTrue(definition, 'Established')
  return {
    acceptedNames: tidy(accepted),
    namesAccepted: {
      type: 'NamesAccepted',
      status: isAccepted ? 'True' : 'False',
      ...(conflict ?? { reason: 'NoConflicts', message: 'no conflicts found' }),
    },
    established:
      isAccepted || wasEstablished
        ? {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          }
        : {
            type: 'Established',
            status: 'False',
            reason: 'NotAccepted',
            message: 'not all names are accepted',
          },
  }
}

function tidy(accepted: Record<string, unknown>): DefinitionNames {
  const { plural = '', kind = '', singular, listKind, shortNames, categories } = accepted
  const lists = { shortNames, categories }
  return {
    plural,
    kind,
    ...(singular === undefined || singular === '' ? {} : { singular }),
    ...(listKind === undefined || listKind === '' ? {} : { listKind }),
    ...Object.fromEntries(
      Object.entries(lists).filter(([, list]) => Array.isArray(list) && list.length > 0),
    ),
  } as DefinitionNames
}

function takenNames(
  { metadata, spec }: Definition,
  others: readonly Definition[],
  builtIn: readonly AnyKind[],
): Taken {
  const rivals = others
    .filter((other) => other.spec.group === spec.group && other.metadata.name !== metadata.name)
    .flatMap(({ status }) => (status?.acceptedNames === undefined ? [] : [status.acceptedNames]))
  const ours = builtIn.filter(({ group }) => group === spec.group)
  return {
    resources: new Set([
      ...rivals.flatMap(({ plural, singular = '', shortNames = [] }) => [
        plural,
        singular,
        ...shortNames,
      ]),
      ...ours.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]),
    ]),
    kinds: new Set([
      ...rivals.flatMap(({ kind, listKind = '' }) => [kind, listKind]),
      ...ours.flatMap(({ kind, listKind }) => [kind, listKind ?? `${kind}List`]),
    ]),
  }
}
