import { feeds, hub, session, useList } from '../api/hub.ts'
import { slowPollMs } from '../limits.ts'
import { type PageName, hrefOf } from '../routes.ts'
import { setTheme, themes, useTheme } from '../theme.ts'

const sections = { sites: 'Sites', rollouts: 'Rollouts', models: 'Models' } as const
type Section = keyof typeof sections

const sectionOf: Partial<Record<PageName, Section>> = {
  sites: 'sites',
  site: 'sites',
  rollouts: 'rollouts',
  rollout: 'rollouts',
  models: 'models',
}

type Props = {
  readonly namespace: string
  readonly page: PageName | undefined
  readonly user: string
}

export function TopBar({ namespace, page, user }: Props) {
  const current = page === undefined ? undefined : sectionOf[page]
  return (
    <header className="top-bar">
      <a className="brand" href={hrefOf('sites', { namespace })}>
        <img src="/skerry.svg" alt="" width="26" height="26" />
        Skerry
      </a>
      <nav aria-label="Main">
        {(Object.keys(sections) as Section[]).map((section) => (
          <a
            key={section}
            href={hrefOf(section, { namespace })}
            aria-current={section === current ? 'page' : undefined}
          >
            {sections[section]}
          </a>
        ))}
      </nav>
      <div className="top-bar-end">
        <NamespaceSwitch namespace={namespace} section={current ?? 'sites'} />
        <ThemeSwitch />
        <button
          type="button"
          className="button small quiet-button"
          title={user === '' ? undefined : `Signed in as ${user}`}
          onClick={() => {
            void session.signOut(hub)
            feeds.suspend(true)
          }}
        >
          Sign out
        </button>
      </div>
    </header>
  )
}

/** Tenants have sites; what the hub keeps for itself has none. */
const ofTheSystem = /^(kube|skerry)-/

/** Only where there is something to switch to. */
function NamespaceSwitch({ namespace, section }: { namespace: string; section: Section }) {
  const namespaces = useList('namespaces', {}, slowPollMs)
  const names =
    namespaces.state === 'known' ? namespaces.value.map((each) => each.metadata.name) : []
  const all = [
    ...new Set([...names.filter((name) => !ofTheSystem.test(name)), namespace]),
  ].toSorted()
  if (all.length < 2) return null
  return (
    <label className="select">
      <span className="visually-hidden">Namespace</span>
      <select
        value={namespace}
        onChange={({ target }) => {
          window.location.hash = hrefOf(section, { namespace: target.value })
        }}
      >
        {all.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}

const themeWords = { system: 'System', light: 'Light', dark: 'Dark' } as const
const themeShapes = { system: '◐', light: '☀', dark: '☾' } as const

function ThemeSwitch() {
  const theme = useTheme()
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!
  const title = `Theme: ${themeWords[theme]}. Change to ${themeWords[next]}.`
  return (
    <button
      type="button"
      className="button small quiet-button theme-switch"
      title={title}
      aria-label={title}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{themeShapes[theme]}</span>
    </button>
  )
}
