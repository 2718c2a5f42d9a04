// Takes pictures of the console, so that a person can look at it: of the real hub with --url, or of
// canned objects without. Fails when a page logs an error or asks another origin for anything.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { type FakeHub, type FakeScenario, startFakeHub } from '../packages/console/dev/fake-hub.ts'
import { openBrowser } from '../packages/console/dev/open-browser.ts'

const usage = `node scripts/shoot-console.ts --out DIR [--url URL] [--only TEXT]
  --url   a sign-in link or address of a running hub; absent: canned objects
  --only  take only pictures whose name contains TEXT
  CHROME  path of a browser; absent: the one that comes with the npm package`

const { values } = parseArgs({
  options: { url: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' } },
})
if (values.out === undefined) {
  console.error(usage)
  process.exit(2)
}
const out = values.out
mkdirSync(out, { recursive: true })

type Shot = {
  readonly name: string
  readonly hash: string
  readonly scenario?: FakeScenario
  /** What a person does before the picture is taken. */
  readonly act?: (page: Page, hub: FakeHub | undefined) => Promise<void>
}

const looks = [
  { name: 'light-wide', scheme: 'light', width: 1440, height: 900 },
  { name: 'dark-wide', scheme: 'dark', width: 1440, height: 900 },
  { name: 'light-narrow', scheme: 'light', width: 390, height: 844 },
  { name: 'dark-narrow', scheme: 'dark', width: 390, height: 844 },
] as const
type PageLook = (typeof looks)[number]

const pressVerb = (verb: string) => async (page: Page) => {
  await page.getByRole('button', { name: verb, exact: true }).click()
  await page.getByLabel('Reason').fill('The night shift asked for it')
}

const ns = '#/ns/default'
const fakeShots: readonly Shot[] = [
  { name: 'sites', hash: `${ns}/sites` },
  { name: 'sites-filtered', hash: `${ns}/sites?filter=depot-1&sort=-p99` },
  { name: 'sites-none-left', hash: `${ns}/sites?filter=zzz` },
  { name: 'site', hash: `${ns}/sites/depot-1` },
  { name: 'site-offline', hash: `${ns}/sites/depot-4` },
  { name: 'site-degraded', hash: `${ns}/sites/depot-5` },
  { name: 'site-never', hash: `${ns}/sites/depot-12` },
  { name: 'models', hash: `${ns}/models` },
  { name: 'rollouts', hash: `${ns}/rollouts` },
  { name: 'rollout-progressing', hash: `${ns}/rollouts/depots-rollout-2` },
  { name: 'rollout-rolled-back', hash: `${ns}/rollouts/depots-rollout-3` },
  { name: 'dialog', hash: `${ns}/rollouts/depots-rollout-2`, act: pressVerb('Pause') },
  { name: 'sign-in', hash: '#/sign-in' },
  { name: 'signed-out', hash: `${ns}/sites`, scenario: 'signedOut' },
  { name: 'not-found', hash: '#/nowhere' },
  { name: 'empty-sites', hash: `${ns}/sites`, scenario: 'empty' },
  { name: 'empty-rollouts', hash: `${ns}/rollouts`, scenario: 'empty' },
  { name: 'empty-models', hash: `${ns}/models`, scenario: 'empty' },
  { name: 'forbidden', hash: `${ns}/sites`, scenario: 'forbidden' },
  { name: 'unavailable', hash: `${ns}/sites`, scenario: 'unavailable' },
  { name: 'loading', hash: `${ns}/sites`, scenario: 'slow' },
  {
    name: 'not-connected',
    hash: `${ns}/sites`,
    act: async (page, hub) => {
      await hub?.close()
      await page.getByText('Not connected').waitFor()
    },
  },
]

const problems: string[] = []

/** A page whose complaints are collected under the name of the picture. */
async function openPage(browser: Browser, look: PageLook, origin: string): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    ignoreHTTPSErrors: true,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    const isExpected = /Failed to load resource/.test(message.text())
    if (message.type() === 'error' && !isExpected) problems.push(`${page.url()}: ${message.text()}`)
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) problems.push(`asked elsewhere: ${request.url()}`)
  })
  return page
}

const settleMs = 700

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(settleMs)
  const overflow = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  if (Number(overflow) > 0)
    problems.push(`${name}: wider than the screen by ${String(overflow)} px`)
  // A dialog lies over what is on the screen, not over the whole length of the page.
  const fullPage = (await page.locator('dialog[open]').count()) === 0
  await page.screenshot({ path: join(out, `${name}.png`), fullPage })
  console.log(name)
}

async function shootFake(browser: Browser): Promise<void> {
  for (const shot of fakeShots)
    for (const look of looks) {
      const name = `${shot.name}-${look.name}`
      if (values.only !== undefined && !name.includes(values.only)) continue
      await using hub = disposable(await startFakeHub(shot.scenario ?? 'normal'))
      const page = await openPage(browser, look, hub.url)
      await page.goto(`${hub.url}/${shot.hash}`)
      await page.waitForTimeout(settleMs)
      await shot.act?.(page, hub)
      await shoot(page, name)
      await page.context().close()
    }
}

function disposable(hub: FakeHub): FakeHub & AsyncDisposable {
  let closed: Promise<void> | undefined
  const close = () => (closed ??= hub.close())
  return { ...hub, close, [Symbol.asyncDispose]: close }
}

/** The pages of a running hub: the lists, and the first site and rollout of each. */
async function shootReal(browser: Browser, link: string): Promise<void> {
  const { origin } = new URL(link)
  const [first] = looks
  const page = await openPage(browser, first, origin)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Sites' }).waitFor()
  const firstLink = async (hash: string) => {
    await page.goto(`${origin}/${hash}`)
    const found = page.locator('tbody th a').first()
    await found.waitFor({ timeout: 5000 }).catch(() => undefined)
    return (await found.count()) === 0 ? undefined : await found.getAttribute('href')
  }
  const pages = {
    sites: `${ns}/sites`,
    site: await firstLink(`${ns}/sites`),
    models: `${ns}/models`,
    rollouts: `${ns}/rollouts`,
    rollout: await firstLink(`${ns}/rollouts`),
  }
  for (const look of looks) {
    await page.setViewportSize({ width: look.width, height: look.height })
    await page.emulateMedia({ colorScheme: look.scheme })
    for (const [name, hash] of Object.entries(pages)) {
      if (hash == null) continue
      await page.goto(`${origin}/${hash}`)
      await shoot(page, `${name}-${look.name}`)
    }
  }
}

const browser = await openBrowser()
try {
  if (values.url === undefined) await shootFake(browser)
  else await shootReal(browser, values.url)
} finally {
  await browser.close()
}
for (const problem of new Set(problems)) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
