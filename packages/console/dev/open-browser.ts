import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'

/** The Chromium that comes with the npm package, or the browser that CHROME names. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    headless: true,
    executablePath: process.env['CHROME'] ?? (await chromium.executablePath()),
    // Not the arguments that come with the package: they put all pages into one process and switch off
    // the security of the web, which is what pictures and tests shall also try.
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu'],
  })
}
