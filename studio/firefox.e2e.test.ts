/** Each view at work in Firefox, where there is one: `FIREFOX` names another than Debian's. */
import { existsSync } from 'node:fs';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ViewName, viewNames } from './view-names.ts';

const executable = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** What a reader does in a view, until it has been seen to work. */
const visits: Readonly<Record<ViewName, (page: Page) => Promise<unknown>>> = {
  shape: async (page) => {
    const kappa = () => page.$eval('.facts strong', ({ textContent }) => textContent);
    await page.waitForSelector('.facts strong');
    const before = await kappa();
    await page.locator('input[type=range][aria-label="Noise σ"]').fill('150');
    await page.waitForFunction(
      (before) => document.querySelector('.facts strong')?.textContent !== before,
      {},
      before,
    );
  },
  walk: (page) =>
    page.waitForFunction(
      () =>
        Number(document.querySelector('[data-testid=step] strong')?.textContent) >= 300 &&
        /\d/.test(document.querySelector('[data-testid=ess]')?.textContent ?? ''),
    ),
  images: async (page) => {
    await page.locator('::-p-aria([name="Play"][role="button"])').click();
    await page.waitForFunction(
      () => Number(document.querySelector('.stage dl dd')?.textContent) >= 10,
    );
  },
  train: async (page) => {
    await page.locator('::-p-aria([name="Train"][role="button"])').click();
    await page.waitForFunction(() =>
      /step 60 of 60/.test(document.querySelector('.run')?.textContent ?? ''),
    );
  },
};

const links: Readonly<Record<ViewName, string>> = {
  shape: '#/shape',
  walk: '#/walk?v=1&burn=0&every=1&speed=300',
  images: '#/images?v=1&chains=2',
  train: '#/train?v=1&device=cpu&steps=60&batch=16&warmup=5&every=20&walk=10',
};

describe.skipIf(!existsSync(executable))('in Firefox', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await puppeteer.launch({ browser: 'firefox', executablePath: executable });
  });
  afterAll(() => browser.close());

  test.each(viewNames)('%s works, and complains of nothing', async (name) => {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${inject('studio')}${links[name]}`);
    await page.waitForSelector('main .view');
    await visits[name](page);
    expect(
      await page.$$eval('[role=alert]', (all) => all.map(({ textContent }) => textContent)),
    ).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
