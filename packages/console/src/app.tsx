import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react'
import { session } from './api/hub.ts'
import { useRoute } from './api/use-route.ts'
import ModelsPage from './pages/models-page.tsx'
import NotFoundPage from './pages/not-found-page.tsx'
import RolloutPage from './pages/rollout-page.tsx'
import RolloutsPage from './pages/rollouts-page.tsx'
import SignInPage from './pages/sign-in-page.tsx'
import SitePage from './pages/site-page.tsx'
import SitesPage from './pages/sites-page.tsx'
import { ConnectionBanner } from './parts/connection-banner.tsx'
import { FaultBoundary } from './parts/fault-boundary.tsx'
import { TopBar } from './parts/top-bar.tsx'
import { type Route, hrefOf } from './routes.ts'

const firstNamespace = 'default'
const home = hrefOf('sites', { namespace: firstNamespace })

export function App() {
  const route = useRoute()
  const who = useSyncExternalStore(session.subscribe, session.snapshot)
  const main = useRef<HTMLElement>(null)
  const namespace = namespaceOf(route)
  const isSignIn = route?.page === 'signIn' || who.state === 'SignedOut'
  const code = route?.page === 'signIn' ? (route.query['code'] ?? '') : ''
  const place = isSignIn ? 'sign-in' : JSON.stringify([route?.page, route?.parameters])

  useEffect(() => {
    if (route?.page === 'home') window.location.replace(home)
  }, [route])
  useFocusOnArrival(main, place)
  useFilterKey()

  const goHome = useCallback(() => window.location.replace(home), [])
  return (
    <>
      <a
        className="skip-link"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      {!isSignIn && (
        <TopBar
          namespace={namespace}
          page={route?.page}
          user={who.state === 'SignedIn' ? who.user : ''}
        />
      )}
      {!isSignIn && <ConnectionBanner />}
      <main id="main" ref={main} tabIndex={-1} key={place}>
        {isSignIn ? (
          <SignInPage code={code} onSignedIn={goHome} />
        ) : (
          <FaultBoundary what="This page">
            <Page route={route} namespace={namespace} />
          </FaultBoundary>
        )}
      </main>
    </>
  )
}

function namespaceOf(route: Route | undefined): string {
  return route !== undefined && 'namespace' in route.parameters
    ? route.parameters.namespace
    : firstNamespace
}

function Page({ route, namespace }: { route: Route | undefined; namespace: string }) {
  switch (route?.page) {
    case 'sites':
      return <SitesPage namespace={namespace} query={route.query} />
    case 'site':
      return <SitePage {...route.parameters} />
    case 'rollouts':
      return <RolloutsPage namespace={namespace} />
    case 'rollout':
      return <RolloutPage {...route.parameters} />
    case 'models':
      return <ModelsPage namespace={namespace} />
    case 'home':
    case 'signIn':
      return null
    case undefined:
      return <NotFoundPage what="This page" namespace={namespace} />
  }
}

/** A new page starts at its top, and a screen reader hears where it is. */
function useFocusOnArrival(main: React.RefObject<HTMLElement | null>, place: string): void {
  const last = useRef(place)
  useEffect(() => {
    if (last.current === place) return
    last.current = place
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [main, place])
}

/** `/` goes to the filter, unless somebody is writing. */
function useFilterKey(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : undefined
      const isWriting = target?.closest('input, textarea, select, dialog') != null
      if (event.key !== '/' || isWriting || event.ctrlKey || event.metaKey || event.altKey) return
      const filter = document.querySelector<HTMLInputElement>('[data-filter]')
      if (filter === null) return
      event.preventDefault()
      filter.focus()
      filter.select()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
