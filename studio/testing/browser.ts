/** A browser for tests. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, expect } from 'vitest';

/** Without them a browser asks hosts of its maker for this and that. */
const quiet = [
  ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/** WebGPU on an adapter that is a program: it is everywhere, and slow. */
export const softwareGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** No WebGPU at all. */
export const noGpu = ['--disable-features=WebGPU', '--disable-gpu'];

/** Starts a browser that ends with the test file. `CHROMIUM` names another than Debian's. */
export async function startBrowser(flags: readonly string[] = noGpu): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...quiet, ...flags],
  });
  afterAll(() => browser.close());
  return browser;
}

export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings so far: of the console, of scripts, of loading. */
  readonly complaints: string[];
}

interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Fingers instead of a mouse. */
  readonly touch?: boolean;
}

/** Opens an address in a page of its own and keeps what the browser complains of. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1100, height = 800, colorScheme = 'light', touch = false }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    hasTouch: touch,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('requestfailed', (request) => {
    // Not a failure: a reload cuts off what the page before it still asked for, or the page itself
    // did.
    if (request.failure()?.errorText === 'net::ERR_ABORTED') return;
    complaints.push(`not loaded: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Waits for a view of the studio to be there. */
export const waitForView = (page: Page) => page.locator('main .view').waitFor();

/** Fails when the page is wider than its window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  expect(content).toBeLessThanOrEqual(window!);
}

/** Whether all of an element is in the window. */
export const isInSight = (page: Page, selector: string): Promise<boolean> =>
  page
    .locator(selector)
    .first()
    .evaluate((element) => {
      const { top, bottom, left, right } = element.getBoundingClientRect();
      return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
    });
