import { isApiError } from '@skerry/api/status'
import { isPlainObject } from '@skerry/base/json'
import type { HubClient } from './hub-client.ts'
import { sessionPath } from './resources.ts'

/** Who is signed in. `Unknown` until the hub has answered. */
export type Session =
  | { readonly state: 'Unknown' }
  | { readonly state: 'SignedIn'; readonly user: string }
  | { readonly state: 'SignedOut' }

export type SignInResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** The session lives in a cookie that scripts cannot read; here is only what the hub says of it. */
export class SessionStore {
  #session: Session = { state: 'Unknown' }
  readonly #listeners = new Set<() => void>()
  readonly #exchanges = new Map<string, Promise<SignInResult>>()

  readonly snapshot = (): Session => this.#session

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  signedOut(): void {
    if (this.#session.state !== 'SignedOut') this.#set({ state: 'SignedOut' })
  }

  /** Asks the hub who this is. A hub that does not answer leaves it unknown: the pages tell of it. */
  async refresh(client: HubClient): Promise<void> {
    const answer = await client.get(sessionPath).catch(() => undefined)
    if (!isPlainObject(answer)) return
    this.#set({ state: 'SignedIn', user: nameOf(answer['user']) })
  }

  /** Exchanges the code of a one-time link for a cookie. The same code is sent once, however often this is called. */
  signIn(client: HubClient, code: string): Promise<SignInResult> {
    const running = this.#exchanges.get(code) ?? this.#exchange(client, code)
    this.#exchanges.set(code, running)
    return running
  }

  async #exchange(client: HubClient, code: string): Promise<SignInResult> {
    try {
      await client.send('POST', sessionPath, { code })
    } catch (thrown) {
      if (!isApiError(thrown)) throw thrown
      return { ok: false, message: thrown.message }
    }
    this.#set({ state: 'SignedIn', user: '' })
    await this.refresh(client)
    return { ok: true }
  }

  async signOut(client: HubClient): Promise<void> {
    await client.send('DELETE', sessionPath).catch(() => undefined)
    this.signedOut()
  }

  #set(session: Session): void {
    this.#session = session
    for (const listener of this.#listeners) listener()
  }
}

/** The hub names a person by an identity; only the name is for the screen. */
function nameOf(user: unknown): string {
  const name = isPlainObject(user) ? user['name'] : user
  return typeof name === 'string' ? name : ''
}
