import { hasLongDigits, parseJson } from '@skerry/base/json'
import type { StoredObject } from '@skerry/api/object'
import type { StoredText } from '@skerry/api/text-state'

/** One version of an object as the text that is kept; parsed when somebody first looks into it. */
export class KeptText implements StoredText {
  readonly text: string
  #object: StoredObject | undefined
  /** Whether a plain parse loses nothing; looked at once for all who parse. */
  #isPlain: boolean | undefined

  /** `object`: what the text was just made of, never to be changed again. */
  constructor(text: string, object?: StoredObject) {
    this.text = text
    this.#object = object
  }

  /** Shared by all who read it: nobody changes it. */
  get object(): StoredObject {
    this.#object ??= this.fresh()
    return this.#object
  }

  /** An object of the caller's own. */
  fresh(): StoredObject {
    this.#isPlain ??= !hasLongDigits(this.text)
    return (this.#isPlain ? JSON.parse(this.text) : parseJson(this.text)) as StoredObject
  }
}
