import { gzipSync } from 'node:zlib';
import { expect, inject, test } from 'vitest';
import { seriousFindings } from './testing/accessibility.ts';
import { expectNoSidewaysScroll, openPage, startBrowser, waitForView } from './testing/browser.ts';
import { viewNames } from './view-names.ts';
import { views } from './views.ts';
import { tour, words } from './words.ts';

const browser = await startBrowser();
const studio = inject('studio');

/** Most bytes, compressed, that a view may load beside models and the runtime's own files. */
const LIMIT = 500_000;
const later = /[/](models[/]|assets[/]ort[-.])/;

test.each(viewNames)('%s opens, small and without a complaint', async (name) => {
  const { page, complaints } = await openPage(browser, 'about:blank');
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (later.test(response.url())) return;
    sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(`${studio}#/${name}`);
  await waitForView(page);
  await page.waitForLoadState('networkidle');
  expect(await page.title()).toBe(`${views[name].title} · mdensity studio`);
  expect(complaints).toEqual([]);
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(LIMIT);
});

test.each(viewNames)('%s is accessible, light and dark, and fits a phone', async (name) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await openPage(browser, `${studio}#/${name}`, { width: 360, colorScheme });
    await waitForView(page);
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
  }
});

test.each(viewNames)('no equation of %s needs a scroll bar', async (name) => {
  for (const width of [1440, 360]) {
    const { page } = await openPage(browser, `${studio}#/${name}`, { width });
    await waitForView(page);
    // Closed parts have explanations of their own.
    await page.evaluate(() => {
      for (const part of document.querySelectorAll('details')) part.open = true;
    });
    await page.locator('.equation').first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    const wide = await page
      .locator('.equation')
      .evaluateAll((all) =>
        all
          .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
          .map(({ parentElement }) => parentElement?.textContent?.slice(0, 60)),
      );
    expect(wide).toEqual([]);
  }
});

test('the tour leads from noise to digits, and each stop is a state of the page', async () => {
  const { page, complaints } = await openPage(browser, studio);
  await waitForView(page);
  await page.getByRole('link', { name: 'Guided tour' }).click();
  for (const [k, { title }] of tour.entries()) {
    await page.getByRole('heading', { name: `${k + 1} of ${tour.length} ${title}` }).waitFor();
    await waitForView(page);
    expect(await page.getByRole('alert').count()).toBe(0);
    const next = page.getByRole('link', { name: /^Next: / });
    if (k + 1 < tour.length) await next.click();
    else expect(await next.count()).toBe(0);
  }
  await page.getByRole('link', { name: 'End the tour' }).click();
  await page.getByRole('heading', { name: words.images.title }).waitFor();
  expect(complaints).toEqual([]);
});

test('views are reached by keyboard, and come back as they were left', async () => {
  const { page } = await openPage(browser, `${studio}#/walk?v=1&seed=7`);
  await waitForView(page);
  const tabs = page.locator('nav a');
  await tabs.nth(2).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.hash === '#/images');
  expect(await tabs.nth(2).getAttribute('aria-current')).toBe('page');
  await tabs.nth(1).click();
  await page.waitForFunction(() => location.hash === '#/walk?v=1&seed=7');
});

test.each([
  ['#/walk?v=1&seed=-3', /could not be read: seed=-3/],
  ['#/walk?v=0&seed=3', /older version/],
  ['#/walk?v=99', /another version/],
  ['#/wolk', /a view that is not here, “wolk”/],
  ['#/walk?%E0%A4%A', /could not be read/],
])('the link %s gives a message, and the page lives', async (hash, message) => {
  const { page, complaints } = await openPage(browser, `${studio}${hash}`);
  await waitForView(page);
  expect(await page.getByRole('alert').textContent()).toMatch(message);
  expect(complaints).toEqual([]);
});

test('the colours chosen last are those of the next visit', async () => {
  const { page } = await openPage(browser, studio, { colorScheme: 'light' });
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole('button', { name: 'Dark colours' }).click();
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload();
  await page.getByRole('button', { name: 'Light colours' }).waitFor();
  expect(await background()).toBe(dark);
});
