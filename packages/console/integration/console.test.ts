// The console as built, in a real browser, against canned objects: what only a browser can show.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { type FakeScenario, startFakeHub } from '../dev/fake-hub.ts'
import { openBrowser } from '../dev/open-browser.ts'

let browser: Browser

before(async () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  execFileSync(process.execPath, [vite, 'build', 'packages/console'], { cwd: root, stdio: 'pipe' })
  browser = await openBrowser()
})
after(() => browser.close())

const ns = '#/ns/default'

/** A page of the console. Ends with an assertion that it complained of nothing and asked nobody else. */
async function open(hash: string, scenario: FakeScenario = 'normal') {
  const hub = await startFakeHub(scenario)
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== hub.url) complaints.push(`asked ${request.url()}`)
  })
  await page.goto(`${hub.url}/${hash}`)
  const close = async () => {
    await context.close()
    await hub.close()
    assert.deepEqual(complaints, [])
  }
  return { page, hub, complaints, [Symbol.asyncDispose]: close }
}

const names = (page: Page) => page.locator('tbody th').allInnerTexts()

test('a change at the hub is seen without asking', async () => {
  await using opened = await open(`${ns}/sites`)
  const { page, hub } = opened
  const row = page.getByRole('row', { name: /depot-2/ })
  await row.getByText('Healthy').waitFor()
  hub.patch('sites', 'depot-2', { health: 'Failed', healthMessage: 'the disk is full' })
  await row.getByText('Failed').waitFor()
  assert.equal(await page.getByRole('button', { name: /Unwell/ }).innerText(), '3\nUnwell')
})

test('the key / goes to the filter; the address keeps filter and order; Escape clears', async () => {
  await using opened = await open(`${ns}/sites`)
  const { page } = opened
  await page.getByRole('row', { name: /depot-2/ }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('hamburg')
  assert.equal((await names(page)).length, 3)
  await page.getByRole('button', { name: 'Site', exact: true }).click()
  assert.match(page.url(), /filter=hamburg&sort=-name$/)
  assert.match((await names(page))[0]!, /Hamburg 3/)
  assert.equal(await page.locator('th[aria-sort="descending"]').count(), 1)
  await page.reload()
  await page.getByText('3 sites of 14').waitFor()
  await page.getByRole('searchbox').press('Escape')
  await page.getByRole('row', { name: /Lyon 3/ }).waitFor()
})

test('a verb asks for a reason, and sends it; the focus stays inside and comes back', async () => {
  await using opened = await open(`${ns}/rollouts/depots-rollout-2`)
  const { page, hub } = opened
  const pause = page.getByRole('button', { name: 'Pause', exact: true })
  await pause.click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Pause' })
  assert.equal(await confirm.isDisabled(), true, 'no verb without a reason')
  await dialog.getByLabel('Reason').fill('  lunch ')
  for (let press = 0; press < 6; press += 1) await page.keyboard.press('Tab')
  assert.equal(
    await page.evaluate(() => {
      const inDialog = document.querySelector('dialog')?.contains(document.activeElement) === true
      // Between the last and the first field the browser itself has its turn.
      return inDialog || document.activeElement === document.body
    }),
    true,
  )
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await pause.evaluate((button) => document.activeElement === button), true)
  await pause.click()
  await dialog.getByLabel('Reason').fill('  lunch ')
  await confirm.click()
  await page.getByText('Asked the hub to pause.').waitFor()
  assert.deepEqual(hub.writes, [
    'POST /apis/skerry.dev/v1alpha1/namespaces/default/rollouts/depots-rollout-2/pause {"reason":"lunch"}',
  ])
})

test('a verb that the hub refuses shows its words and keeps the reason', async () => {
  await using opened = await open(`${ns}/rollouts/depots-rollout-2`)
  const { page } = opened
  await page.getByRole('button', { name: 'Abort', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Reason').fill('refuse')
  await dialog.getByRole('button', { name: 'Abort' }).click()
  await dialog.getByText('cannot abort: the rollout has just ended').waitFor()
  assert.equal(await dialog.getByLabel('Reason').inputValue(), 'refuse')
})

test('buttons follow the phase', async () => {
  await using opened = await open(`${ns}/rollouts/depots-rollout-2`)
  const { page, hub } = opened
  const resume = page.getByRole('button', { name: 'Resume', exact: true })
  await resume.waitFor()
  assert.equal(await resume.isDisabled(), true)
  hub.patch('rollouts', 'depots-rollout-2', { phase: 'Paused' })
  await page.getByText('Paused: wave-1').waitFor()
  assert.equal(await resume.isEnabled(), true)
})

test('a lost hub is told, with the time; a hub that is back is not', async () => {
  await using opened = await open(`${ns}/sites`)
  const { page } = opened
  await page.getByRole('row', { name: /depot-2/ }).waitFor()
  await page.context().setOffline(true)
  const { hub } = opened
  hub.dropConnections()
  await page.getByText(/Not connected: showing what was known at \d\d:\d\d/).waitFor()
  assert.equal((await names(page)).length, 14, 'what was known is still there')
  await page.context().setOffline(false)
  await page.getByText('Not connected').waitFor({ state: 'detached' })
})

test('whoever is signed out learns how to get in; a link signs in once', async () => {
  await using opened = await open(`${ns}/sites`, 'signedOut')
  const { page, hub } = opened
  await page.getByText('npx skerry console').waitFor()
  await page.goto(`${hub.url}/#/sign-in?code=old`)
  await page.getByText('This link does not work: The link was used already').waitFor()
  await page.goto(`${hub.url}/#/sign-in?code=good`)
  await page.getByRole('row', { name: /depot-2/ }).waitFor()
  assert.deepEqual(hub.writes, [
    'POST /auth/session {"code":"old"}',
    'POST /auth/session {"code":"good"}',
  ])
  assert.match(page.url(), /#\/ns\/default\/sites$/)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('npx skerry console').waitFor()
})

test('the plots are drawn, one line per version, and say their newest values in words', async () => {
  await using opened = await open(`${ns}/sites/depot-1`)
  const { page } = opened
  const figure = page.getByRole('figure', { name: /Accuracy/ })
  await figure.locator('canvas').waitFor()
  assert.match((await figure.locator('figcaption').textContent()) ?? '', /v1 no data|v1 \d.*v2 \d/)
  assert.equal(await figure.locator('.u-series').count(), 3, 'the time and two versions')
  await page.getByText('6 h', { exact: true }).click()
  await figure.locator('canvas').waitFor()
})

test('plots that break do not take the page with them', async () => {
  await using opened = await open('#/nowhere')
  const { page, hub } = opened
  await page.route('**/site-plots-*.js', (route) => route.fulfill({ status: 404, body: '' }))
  await page.goto(`${hub.url}/${ns}/sites/depot-1`)
  await page.getByText('The measurements cannot be shown').waitFor()
  await page.getByRole('row', { name: /feeder/ }).waitFor()
  assert.match(opened.complaints.splice(0).join('\n'), /dynamically imported module/)
})

test('the theme follows the system until somebody chooses, and then stays', async () => {
  await using opened = await open(`${ns}/models`)
  const { page } = opened
  const ground = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await ground()
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await ground()
  assert.notEqual(light, dark)
  await page.getByRole('button', { name: /Change to Light/ }).click()
  assert.equal(await ground(), light)
  await page.reload()
  assert.equal(await ground(), light)
})

test('a thousand sites are listed and filtered without a long wait', async () => {
  await using opened = await open(`${ns}/sites`, 'large')
  const { page } = opened
  await page.getByRole('button', { name: /Show 500 more of 1,000/ }).waitFor()
  const filter = page.getByRole('searchbox')
  const startMs = performance.now()
  await filter.fill('depot-777')
  await page.getByText('1 site of 1000').waitFor()
  assert.ok(performance.now() - startMs < 2000)
})

test('every page fits into 360 pixels', async () => {
  await using opened = await open(`${ns}/sites`)
  const { page } = opened
  await page.setViewportSize({ width: 360, height: 740 })
  const pages = ['sites', 'sites/depot-4', 'models', 'rollouts', 'rollouts/depots-rollout-3']
  for (const path of pages) {
    await page.evaluate((hash) => {
      location.hash = hash
    }, `${ns}/${path}`)
    await page.locator('tbody th').first().waitFor()
    const wider = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement
      return scrollWidth - clientWidth
    })
    assert.equal(wider, 0, path)
  }
})

test('what is not there is said, and there is a way back', async () => {
  await using opened = await open('#/nowhere')
  const { page } = opened
  await page.getByRole('heading', { name: 'This page is not there' }).waitFor()
  await page.getByRole('link', { name: 'To the sites' }).click()
  await page.getByRole('row', { name: /depot-2/ }).waitFor()
  await page.goto(`${opened.hub.url}/${ns}/sites/none`)
  await page.getByRole('heading', { name: 'Site none is not there' }).waitFor()
})
