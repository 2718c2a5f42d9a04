import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { kindOfObject } from '@skerry/api/kinds'
import type { KubeObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'

/** Makes every object of a YAML file, unless it is there: what a user changed since stays changed. */
export async function createMissing(state: State, file: string): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(file, 'utf8')))
    await createUnlessThere(state, document.toJS() as KubeObject)
}

export async function createUnlessThere(state: State, object: KubeObject): Promise<void> {
  const kind = kindOfObject(object)
  if (kind === undefined)
    throw new Error(`${object.apiVersion}/${object.kind} is no kind of this hub`)
  try {
    await state.create(kind, object)
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
  }
}
