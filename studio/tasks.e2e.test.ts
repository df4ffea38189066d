/** What three readers want to do, without help. */
import { expect, inject, test } from 'vitest';
import { isInSight, openPage, startBrowser, waitForView } from './testing/browser.ts';

const browser = await startBrowser();
const studio = inject('studio');

test('a student answers “why M?” from the page alone', async () => {
  const { page } = await openPage(browser, studio, { width: 1440, height: 900 });
  await waitForView(page);
  // The first screen says it, in words and in a picture, with the words explained.
  for (const said of ['.first h1', '.first p', '.first svg', '.stage canvas']) {
    expect([said, await isInSight(page, said)]).toEqual([said, true]);
  }
  expect(await page.locator('.first p').textContent()).toMatch(/M times.*mean ȳ.*σ̃ = σ\/√M alone/s);
  await page.getByText('Words used here').click();
  await page.getByText('their mean: all that they say of x').waitFor();
  // M moves and σ̃ stays: the same class, the same field.
  await page.getByRole('link', { name: 'the same σ̃ at M = 16' }).click();
  await page.getByText('[σ̃] = [0.5]').waitFor();
  await page.getByRole('region', { name: 'The M-density at M = 2' }).waitFor();
  // Two walks of one class, side by side.
  await page.locator('header nav a').nth(1).click();
  await page.getByRole('link', { name: /why M/ }).click();
  await page.getByText(/ȳ and x̂ have the same law, by the same ν/).waitFor();
  expect(await page.locator('.stage canvas').count()).toBe(2);
});

test('a lecturer embeds Walk in a slide', async () => {
  const { page, complaints } = await openPage(browser, `${studio}#/walk?v=1&target=rings&chains=4`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await waitForView(page);
  await page.getByRole('button', { name: 'Copy embed' }).click();
  const html = await page.evaluate(() => navigator.clipboard.readText());
  expect(html).toMatch(/^<iframe src="[^"]*#\/walk\?v=1&target=rings&chains=4&embed=1"/);
  // A slide of that frame and nothing else.
  await page.evaluate((frame) => {
    document.documentElement.removeAttribute('data-embed');
    document.body.innerHTML = frame;
  }, html);
  const slide = page.frameLocator('iframe');
  await slide.locator('.stage canvas').waitFor();
  await slide.getByRole('button', { name: 'Pause' }).waitFor();
  expect(await slide.locator('header').count()).toBe(0);
  expect(await slide.locator('.controls').isVisible()).toBe(false);
  // All of it is in the frame.
  const whole = await slide.locator('.stage').evaluate((stage) => {
    const { bottom } = stage.getBoundingClientRect();
    return bottom <= innerHeight && document.documentElement.scrollWidth <= innerWidth;
  });
  expect(whole).toBe(true);
  expect(complaints).toEqual([]);
});

test('a researcher reproduces the chains of figure 3 and cites the page', async () => {
  const { page } = await openPage(browser, `${studio}#/images`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await waitForView(page);
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('link', { name: 'paper A, figure 3' }).click();
  await page.waitForFunction(() => location.hash.includes('M=4'));
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.locator('[data-chain="7"]').waitFor();
  await page.waitForFunction(
    () => Number(document.querySelector('.stage dl dd')?.textContent) >= 10,
    undefined,
    { timeout: 100_000 },
  );
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('button', { name: 'Copy command' }).click();
  expect(await clipboard()).toMatch(
    /^mdensity sample --model mnist --measurements 4 --friction 0\.015625 --chains 8 --jump-every 10 --steps \d+ --out mnist\.npy$/,
  );
  await page.getByText('Cite', { exact: true }).click();
  await page.getByRole('link', { name: /^Universal Smoothed Score Functions/ }).waitFor();
  await page.getByRole('button', { name: 'Copy BibTeX' }).last().click();
  expect(await clipboard()).toMatch(
    /@software\{mdensity.*#\/images\?v=1&M=4&friction=0\.015625&chains=8/s,
  );
});
