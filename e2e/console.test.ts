// The console in a real browser, against a real hub with three real sites: what the canned objects of
// packages/console/integration cannot show, that both sides mean the same.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { openBrowser } from '../packages/console/dev/open-browser.ts'
import { DemoRun, eventually } from './demo-run.ts'

const root = join(import.meta.dirname, '..')
const digits = join(root, 'examples/digits')
const rolloutWithinMs = 90_000

let run: DemoRun
let browser: Browser
let context: BrowserContext
let page: Page
/** What the console complained of, and whom else it asked. */
const complaints: string[] = []

before(async () => {
  if (!existsSync(join(root, 'packages/console/dist/index.html'))) {
    const vite = join(root, 'node_modules/vite/bin/vite.js')
    execFileSync(process.execPath, [vite, 'build', 'packages/console'], {
      cwd: root,
      stdio: 'pipe',
    })
  }
  run = await DemoRun.start(3)
  browser = await openBrowser()
  context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    // The hub has an authority of its own, which this browser was not told of.
    ignoreHTTPSErrors: true,
  })
  page = await openPage()
})
after(async () => {
  await browser?.close()
  await run?.[Symbol.asyncDispose]()
})

const origin = () => `https://127.0.0.1:${run.port}`

async function openPage(): Promise<Page> {
  const opened = await context.newPage()
  opened.setDefaultTimeout(30_000)
  opened.on('pageerror', (error) => complaints.push(error.message))
  opened.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  opened.on('request', (request) => {
    const { protocol, origin: asked } = new URL(request.url())
    if (protocol !== 'data:' && asked !== origin()) complaints.push(`asked ${request.url()}`)
  })
  return opened
}

/** What the page complained of since the last time. A refusal that the test asked for is no complaint. */
function newComplaints(expected?: RegExp): string[] {
  return complaints.splice(0).filter((complaint) => expected?.test(complaint) !== true)
}

async function consoleLink(): Promise<string> {
  const printed = await run.skerry('console')
  assert.equal(printed.code, 0, printed.stderr)
  const link = printed.stdout.trim()
  assert.ok(link.startsWith(`${origin()}/#/sign-in?code=`), link)
  return link
}

async function push(file: string): Promise<void> {
  const pushed = await run.skerry('model', 'push', join(digits, file), '--model', 'digits')
  assert.equal(pushed.code, 0, pushed.stderr)
}

/** A section of the console. */
function open(section: 'Sites' | 'Rollouts' | 'Models'): Promise<void> {
  const bar = page.getByRole('navigation', { name: 'Main' })
  return bar.getByRole('link', { name: section, exact: true }).click()
}

/** Opens the newest rollout from the list, as a person would. */
async function openNewestRollout(change: RegExp): Promise<void> {
  await open('Rollouts')
  await page.getByRole('link', { name: change }).first().click()
  await page.getByRole('heading', { name: 'Waves' }).waitFor()
}

const phase = (words: string): Locator =>
  page.locator('.pill').filter({ hasText: new RegExp(`^Phase: ${words}$`) })
const story = (): Locator => page.getByRole('region', { name: 'What happens' })

test('the link that npm start prints signs in once', async () => {
  const link = /https:\/\/\S+#\/sign-in\?code=\S+/.exec(run.output)?.[0]
  assert.ok(link !== undefined, run.output)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Sites' }).waitFor()
  assert.ok(page.url().endsWith('#/ns/default/sites'), 'the code is gone from the address')

  const stranger = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en-GB' })
  const second = await stranger.newPage()
  await second.goto(link)
  const told = await second.getByRole('alert').innerText()
  assert.equal(
    told,
    'This link does not work: The link was used already or has expired: make another with "npx skerry console".',
  )
  assert.equal((await second.request.get(`${origin()}/auth/session`)).status(), 401)
  await stranger.close()
  // The browser itself notes the answer to the first question: who is this?
  assert.deepEqual(newComplaints(/status of 401/), [])
})

test('three sites are green, and their numbers come by themselves', async () => {
  for (const place of ['Trieste', 'Bergen', 'Cork']) {
    const row = page.getByRole('row', { name: new RegExp(place) })
    await row.getByText('Online').waitFor()
    await row.getByText('Healthy').waitFor()
    await row.getByText('digits v1').waitFor()
    const cell = (column: number) => row.getByRole('cell').nth(column).innerText()
    await eventually(`requests, p99 and accuracy of ${place}`, async () => {
      // After the name: connected, health, sync, model, requests/s, p99, accuracy, last seen.
      const [rate, p99, accuracy] = await Promise.all([cell(4), cell(5), cell(6)])
      if (!(Number(rate) > 1 && Number(rate) < 20)) throw new Error(`requests/s: ${rate}`)
      if (!/^[\d.]+ ms$/.test(p99)) throw new Error(`p99: ${p99}`)
      if (!(Number.parseFloat(accuracy) > 80)) throw new Error(`accuracy: ${accuracy}`)
      return true
    })
  }
  await page.getByRole('button', { name: /3\s*Online/ }).waitFor()
  assert.deepEqual(newComplaints(), [])
})

test('the key / goes to the filter, and Escape empties it', async () => {
  await page.keyboard.press('/')
  await page.keyboard.type('bergen')
  await page.getByText('1 site of 3').waitFor()
  assert.equal(await page.locator('tbody tr').count(), 1)
  await page.keyboard.press('Escape')
  await page.getByRole('row', { name: /Cork/ }).waitFor()
  assert.deepEqual(newComplaints(), [])
})

test("a site's page draws what the site measured", async () => {
  await page.getByRole('link', { name: /Trieste/ }).click()
  for (const title of ['Requests per second', 'Latency', 'Accuracy', 'Errors']) {
    const figure = page.getByRole('figure', { name: new RegExp(`^${title}`) })
    await figure.locator('canvas').waitFor()
    const newest = title === 'Latency' ? /v1 p50 [\d.]+ ms/ : /v1 [\d.]+/
    const words = await eventually(`${title} says a number`, async () => {
      const said = (await figure.locator('figcaption').textContent()) ?? ''
      return newest.test(said) ? said : undefined
    })
    assert.match(words, /Newest: v1/)
    await eventually(`${title} is drawn`, async () => (await isDrawn(figure)) || undefined)
  }
  assert.deepEqual(newComplaints(), [])
})

type Drawn = {
  readonly width: number
  readonly height: number
  getContext(kind: '2d'): {
    getImageData(...area: [number, number, number, number]): { readonly data: Uint8ClampedArray }
  }
}

/** Whether the canvas has anything on it in the colour of a line, not of a grid. */
function isDrawn(figure: Locator): Promise<boolean> {
  return figure.locator('canvas').evaluate((element) => {
    const canvas = element as unknown as Drawn
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, opacity = 0] = data.subarray(at, at + 4)
      const spread = Math.max(red, green, blue) - Math.min(red, green, blue)
      if (opacity > 200 && spread > 60) return true
    }
    return false
  })
}

test('a slow version is seen to be caught and rolled back, without a reload', async () => {
  await push('digits-v4.onnx')
  await openNewestRollout(/v1.*v2/)
  const arrived = await page.evaluate(() => performance.timeOrigin)
  await phase('Rolled back').waitFor({ timeout: rolloutWithinMs })
  const told = await story().innerText()
  assert.match(told, /^Rolled back/)
  const gate = page.getByRole('row', { name: /latency/i })
  await gate.getByText('Fail', { exact: true }).waitFor()
  const words = await gate.getByRole('cell').last().innerText()
  assert.match(
    words,
    /^99th percentile of the latency of digits v2 is .* above 60 ms at 95 % confidence$/,
  )
  assert.ok(told.includes(words), 'the story tells what the gate says')
  await page.locator('.chip', { hasText: 'depot-1' }).getByText('Rolled back').first().waitFor()
  assert.equal(await page.evaluate(() => performance.timeOrigin), arrived, 'it was not reloaded')
  assert.deepEqual(newComplaints(), [])
})

test('a rollout is paused, resumed and aborted with a reason', async () => {
  await push('digits-v2.onnx')
  await openNewestRollout(/v1.*v3/)
  await say('Pause', 'the depot counts its stock')
  await phase('Paused').waitFor()
  assert.match(await story().innerText(), /the depot counts its stock/)
  await say('Resume', 'counted')
  await phase('Progressing').waitFor()
  await say('Abort', 'not on a Friday')
  await phase('Aborted').waitFor({ timeout: rolloutWithinMs })
  assert.match(await story().innerText(), /not on a Friday/)
  assert.equal(await page.getByRole('button', { name: 'Pause', exact: true }).isDisabled(), true)
  assert.deepEqual(newComplaints(), [])
})

/** A verb by its dialog. Escape closes it without a word to the hub. */
async function say(verb: string, reason: string): Promise<void> {
  const button = page.getByRole('button', { name: verb, exact: true })
  const dialog = page.getByRole('dialog')
  await button.click()
  await dialog.getByLabel('Reason').fill('not this')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await button.click()
  assert.equal(await dialog.getByLabel('Reason').inputValue(), '')
  await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: verb }).click()
  await dialog.waitFor({ state: 'detached' })
}

test('after the rollouts every site runs what it ran before', async () => {
  await open('Sites')
  for (const place of ['Trieste', 'Bergen', 'Cork']) {
    const row = page.getByRole('row', { name: new RegExp(place) })
    await row.getByText('digits v1').waitFor({ timeout: rolloutWithinMs })
    await row.getByText('Healthy').waitFor()
  }
  assert.deepEqual(newComplaints(), [])
})

test('signing out ends the session', async () => {
  const session = (await context.cookies()).find(({ name }) => name === '__Host-skerry')
  assert.ok(session !== undefined)
  assert.ok(session.httpOnly && session.secure && session.sameSite === 'Strict')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('npx skerry console').waitFor()
  assert.equal((await context.cookies()).length, 0)
  assert.equal((await page.request.get(`${origin()}/auth/session`)).status(), 401)
  await page.reload()
  await page.getByText('npx skerry console').waitFor()
  assert.deepEqual(newComplaints(/status of 401/), [])
  await page.goto(await consoleLink())
  await page.getByRole('row', { name: /Trieste/ }).waitFor()
})
