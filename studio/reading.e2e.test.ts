/** What a reader meets in every view: words, names, numbers along axes. */
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { openPage, startBrowser, waitForView } from './testing/browser.ts';
import { viewNames } from './view-names.ts';
import { papers, words } from './words.ts';

const browser = await startBrowser();
const studio = inject('studio');

test.each(viewNames)('%s begins with words, a picture and three links that work', async (name) => {
  const { page, complaints } = await openPage(browser, `${studio}#/${name}`);
  await waitForView(page);
  const first = page.locator('.first');
  expect(await first.locator('h1').textContent()).toBe(words[name].title);
  expect(await first.locator('p').first().textContent()).toBe(words[name].text);
  expect(await first.getByRole('img', { name: /^The method: x is measured M times/ }).count()).toBe(
    1,
  );
  for (const { label } of words[name].tries) {
    await first.getByRole('link', { name: label }).click();
    await page.waitForFunction(
      (bare) => location.hash !== bare && location.hash.includes('?v=1'),
      `#/${name}`,
    );
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.goBack();
  }
  expect(complaints).toEqual([]);
});

test('papers, theory, results and what the page is made of can be reached', async () => {
  const { page } = await openPage(browser, studio);
  await waitForView(page);
  const links = await page
    .locator('footer a')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  for (const { url } of papers) expect(links).toContain(url);
  const own = links.filter((href) => href.startsWith(studio));
  expect(own.length).toBeGreaterThanOrEqual(5);
  for (const href of own)
    expect([href, (await page.request.get(href)).status()]).toEqual([href, 200]);
});

test.each(viewNames)('explanations of %s are named “About …”', async (name) => {
  const { page } = await openPage(browser, `${studio}#/${name}`);
  await waitForView(page);
  const names = await page
    .locator('summary[title]')
    .evaluateAll((all) => all.map((one) => [one.getAttribute('title')!, one.ariaLabel]));
  expect(names.length).toBeGreaterThan(4);
  for (const [title, label] of names) {
    expect(label).toBe(title);
    expect(title).toMatch(/^About \S/);
  }
});

/** Pairs of texts of a chart that lie on each other. */
const collisions = (page: Page) =>
  page.locator('.chart svg').evaluateAll((charts) =>
    charts.flatMap((chart) => {
      const texts = [...chart.querySelectorAll('text')]
        .map((text) => ({ said: text.textContent, box: text.getBoundingClientRect() }))
        .filter(({ said, box }) => said && box.width > 0);
      return texts.flatMap((a, k) =>
        texts
          .slice(k + 1)
          .filter(
            (b) =>
              a.box.left < b.box.right - 1 &&
              b.box.left < a.box.right - 1 &&
              a.box.top < b.box.bottom - 1 &&
              b.box.top < a.box.bottom - 1,
          )
          .map((b) => `${a.said} on ${b.said}`),
      );
    }),
  );

const charted = {
  shape: '#/shape?v=1&sigma=0.11&M=64',
  walk: '#/walk?v=1&burn=0&every=1&speed=300&sigma=4',
  train: '#/train?v=1&device=cpu&steps=40&batch=16&warmup=5&every=10&walk=10',
};

// 720 pixels of the page are 1,440 of the screen at 200 %.
test.each([360, 720])('no numbers of a chart lie on each other at %d pixels', async (width) => {
  for (const [name, hash] of Object.entries(charted)) {
    const { page } = await openPage(browser, `${studio}${hash}`, { width });
    await waitForView(page);
    if (name === 'train') {
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await page.getByText('at step 40').first().waitFor();
    }
    await page.locator('.chart svg text').filter({ hasText: /\d/ }).first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    expect([name, await collisions(page)]).toEqual([name, []]);
  }
});

test('a tapped button keeps its label', async () => {
  const context = await browser.newContext({
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await context.newPage();
  await page.goto(`${studio}#/shape?v=1&sigma=0.5`);
  await waitForView(page);
  const member = page.getByRole('button', { name: /^M = 4,/ });
  await member.tap();
  await page.waitForFunction(() => location.hash.includes('M=4'));
  expect(await member.getAttribute('aria-pressed')).toBe('true');
  const [text, ground] = await member.evaluate((element) => {
    const { color, backgroundColor } = getComputedStyle(element);
    return [color, backgroundColor];
  });
  expect(text).not.toBe(ground);
  await context.close();
});

test.each([
  ['mnist', '0.0625'],
  ['cifar10', '0.25'],
])('%s starts with the friction that suits it', async (model, friction) => {
  const { page } = await openPage(browser, `${studio}#/images?v=1&model=${model}`);
  await waitForView(page);
  const field = page.getByRole('spinbutton', { name: 'Friction γδ' });
  expect(await field.inputValue()).toBe(friction);
});
