import { isQualifiedFinalizer, unqualifiedFinalizer } from '../meta-problems.ts'
import { qualifiedNameRules } from '../name.ts'
import type { KubeObject, StoredObject } from '../object.ts'
import type { Problem } from '../problem.ts'

/** Who empties a namespace before it goes. */
export const namespaceFinalizer = 'kubernetes'
const nameLabel = 'kubernetes.io/metadata.name'

/** A namespace carries its name as a label, and goes when it is empty; only `finalize` says that it is. */
export function completeNamespace(namespace: KubeObject, before?: StoredObject): KubeObject {
  const { metadata } = namespace
  const given = finalizersOf(namespace)
  const finalizers =
    before === undefined
      ? given.includes(namespaceFinalizer)
        ? given
        : [...given, namespaceFinalizer]
      : finalizersOf(before)
  return {
    ...namespace,
    metadata: { ...metadata, labels: { ...metadata.labels, [nameLabel]: metadata.name } },
    spec: {
      ...(namespace['spec'] as object | undefined),
      ...(finalizers.length === 0 ? { finalizers: undefined } : { finalizers }),
    },
  }
}

/** What holds a namespace beside the finalizers that every object may have. */
export function finalizersOf(namespace: KubeObject): readonly string[] {
  const spec = namespace['spec'] as { readonly finalizers?: unknown } | undefined
  const finalizers = spec?.finalizers
  return Array.isArray(finalizers) ? (finalizers as string[]) : []
}

export function namespaceProblems(namespace: KubeObject): Problem[] {
  const path = 'spec.finalizers'
  return finalizersOf(namespace).flatMap((name): Problem[] => [
    ...qualifiedNameRules(name).map((message): Problem => ({
      path,
      type: 'Invalid',
      value: name,
      message,
    })),
    ...(isQualifiedFinalizer(name)
      ? []
      : [{ path, type: 'Invalid' as const, value: name, message: unqualifiedFinalizer }]),
  ])
}
