import { namespaceKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'

/** Makes a namespace unless it is there. */
export async function ensureNamespace(state: State, name: string): Promise<void> {
  try {
    await state.create(namespaceKind, { metadata: { name } })
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
  }
}
