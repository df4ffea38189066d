/** The numbers and pictures of the view Walk are what they are said to be. */
import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { findTarget } from '../../../src/density/targets.ts';
import { effectiveSampleSize, rHat } from '../../../src/evaluate/index.ts';
import { gaussianDraws } from '../../../src/sample/walk-draws.ts';
import { showPlace } from '../../target/noise.ts';
import { isInSight, openPage, startBrowser, waitForView } from '../../testing/browser.ts';

const browser = await startBrowser();
const walk = `${inject('studio')}#/walk`;

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const stepOf = async (page: Page) =>
  Number(await page.getByTestId('step').locator('strong').textContent());
const figure = (page: Page, name: string) =>
  page.getByRole('row', { name: new RegExp(`^${name}`) }).locator('strong');
const picture = (page: Page) =>
  page.locator('.stage canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
const waitForDraws = (page: Page, least: number) =>
  page.waitForFunction(
    (least) =>
      Number.parseInt(document.querySelector('[data-testid=draws]')?.textContent ?? '', 10) >=
      least,
    least,
    { timeout: 100_000 },
  );

/** What the page says of the effective samples and R̂, once it stands still. */
async function settled(page: Page): Promise<readonly [string, string]> {
  await page.locator('.readings').filter({ hasNotText: 'steps/s' }).waitFor();
  for (let before = ''; ; ) {
    // Longer than from one question to the worker to the next.
    await page.waitForTimeout(1500);
    const now = `${await figure(page, 'Effective').textContent()} ${await figure(page, 'R̂').textContent()}`;
    if (now === before) return now.split(' ') as [string, string];
    before = now;
  }
}

/** The second coordinates of x̂ in the CSV file of the draws. */
async function savedDraws(page: Page, chains: number) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Draws (CSV)').click(),
  ]);
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  const rows = Buffer.concat(parts).toString().trim().split('\r\n').slice(1);
  const data = Float64Array.from(rows, (row) => Number(row.split(',')[5]));
  return { data, shape: [chains, data.length / chains, 1] as const };
}

test('R̂ and effective samples are of draws of the whole walk, and the words say which', async () => {
  const { page, complaints } = await openPage(
    browser,
    `${walk}?v=1&burn=0&every=1&speed=3000&chains=256&of=xhat&axis=2`,
  );
  // 128 draws of each chain are kept: then every second leaves, and from then on comes.
  await waitForDraws(page, 300);
  await button(page, 'Pause').click();
  const [ess, ratio] = await settled(page);
  const draws = await savedDraws(page, 256);
  const drawn = await stepOf(page);
  const stride = 2 ** Math.floor(Math.log2(drawn / 64));
  expect(draws.shape[1]).toBe(Math.floor(drawn / stride));
  expect(Number(ess)).toBeCloseTo(effectiveSampleSize(draws)[0]!, -1);
  expect(ratio).toBe(rHat(draws)[0]!.toFixed(3));
  for (const about of ['the effective sample size', 'R̂']) {
    await page.locator(`summary[aria-label="About ${about}"]`).click();
  }
  const said = (text: string) =>
    page
      .locator('.terms')
      .filter({ hasText: new RegExp(text, 'i') })
      .waitFor();
  const every = `every (second|${stride}th|${stride}nd) draw of the whole walk`;
  await said(`${every} counts, ${draws.shape[1]} of each chain`);
  await said(`of ${every}`);
  await said('split and rank-normalised chains \\(Vehtari.*2021, section 4\\.3\\)');
  await said('larger of location and spread \\(Vehtari et al\\. 2021, section 4\\.2\\)');
  expect(complaints).toEqual([]);
});

test('each kernel with a test has the acceptance of its own, and says what a step costs', async () => {
  const { page, complaints } = await openPage(browser, `${walk}?v=1&kernel=malt&speed=60`);
  const about = page.locator('summary[aria-label="About acceptance"]');
  const equation = page.locator('.terms .equation');
  await about.click();
  await equation.filter({ hasText: /energy from friction and noise/ }).waitFor();
  await page.getByText(/^10 score calls a step/).waitFor();
  await page.getByRole('combobox', { name: 'Kernel' }).selectOption('mala');
  await page.getByText(/^1 score call a step/).waitFor();
  await about.waitFor();
  if ((await equation.count()) === 0) await about.click();
  await equation.filter({ hasText: /q\(z→y\)|q\(z \\to y\)/ }).waitFor();
  expect(await equation.textContent()).not.toMatch(/friction/);
  expect(complaints).toEqual([]);
});

test('one at a time, draws are those of the command line, and stand by themselves', async () => {
  const member = { sigma: 1, measurements: 4, effectiveSigma: 0.5 };
  const draws = gaussianDraws(findTarget('rings'), member, 'sachs', {
    ...{ walk: 'sequential', measurements: 4, stepSize: 0.7, friction: 0.25, chains: 3, seed: 5 },
    ...{ steps: 80, burnIn: 0, thin: 40, signal: new AbortController().signal },
    onProgress: () => {},
  });
  await draws.next();
  const { ybar, xhat } = (await draws.next()).value!;
  const { page, complaints } = await openPage(browser, 'about:blank');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${walk}?v=1&target=rings&sigma=1&M=4&chains=3&seed=5&chain=2`);
  await waitForView(page);
  await page.getByRole('combobox', { name: 'Walk', exact: true }).selectOption('sequential');
  const field = (name: string) => page.getByRole('spinbutton', { name });
  // Numbers that stood at the defaults are those of the new walk.
  expect(await field('Step size δ').inputValue()).toBe('0.7');
  expect(await field('A jump every').inputValue()).toBe('40');
  for (const step of [40, 80]) {
    await button(page, 'Step').click();
    await page
      .getByTestId('step')
      .filter({ hasText: `step ${step}` })
      .waitFor();
  }
  const place = (of: Float32Array) => `(${showPlace(of[4]!)}, ${showPlace(of[5]!)})`;
  expect(await page.getByTestId('chain').textContent()).toBe(
    `chain 2: ȳ = ${place(ybar)}, x̂ = ${place(xhat)}`,
  );
  expect(await page.locator('pre').textContent()).toBe(
    'mdensity walk --density rings --sigma 1 --measurements 4 --walk sequential --chains 3 --seed 5 --out walk/',
  );
  await page.getByRole('list', { name: 'Legend' }).filter({ hasText: 'ȳ of a draw' }).waitFor();
  expect(complaints).toEqual([]);
});

test('a chain that diverges is named with the step that it did so in', async () => {
  const { page } = await openPage(browser, `${walk}?v=1&kernel=ula&step=8&speed=30`);
  const alert = page.getByRole('alert');
  await alert.waitFor();
  const step = Number((await alert.textContent())!.match(/at step (\d+)/)![1]);
  // The step before it is the last that is shown.
  expect(await stepOf(page)).toBe(step - 1);
});

test('all of the density is in the picture at the most noise', async () => {
  const { page } = await openPage(browser, `${walk}?v=1&sigma=8&margins=0&chains=1&speed=1`);
  await waitForView(page);
  const colours = await page.locator('.stage canvas').evaluate(async (element) => {
    const canvas = element as HTMLCanvasElement;
    // The field is drawn finely after a rest.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const at = (x: number, y: number) =>
      canvas
        .getContext('2d')!
        .getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1)
        .data.join();
    // In the middle of three edges, away from numbers; in a corner; in the middle.
    return [at(0.52, 0.01), at(0.99, 0.52), at(0.2, 0.01), at(0.99, 0.01), at(0.5, 0.45)];
  });
  const [top, right, upper, corner, middle] = colours;
  expect([top, right, upper]).toEqual([corner, corner, corner]);
  expect(middle).not.toBe(corner);
});

test('measurements of a chain at rest are drawn as they are asked for', async () => {
  const { page } = await openPage(browser, 'about:blank');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${walk}?v=1&M=4&sigma=0.6&chains=3`);
  await waitForView(page);
  await button(page, 'Step').click();
  await page
    .getByTestId('chain')
    .filter({ hasText: /\d\.\d\d/ })
    .waitFor();
  await page.waitForTimeout(1500);
  const different = async (before: string) => {
    await expect.poll(() => picture(page), { timeout: 20_000 }).not.toBe(before);
    await page.waitForTimeout(500);
    return picture(page);
  };
  const plain = await picture(page);
  await page.getByRole('checkbox', { name: 'Its M measurements y' }).check();
  const first = await different(plain);
  const chain = page.getByRole('spinbutton', { name: 'Chain', exact: true });
  await chain.fill('2');
  await chain.press('Enter');
  const other = await different(first);
  await chain.fill('0');
  await chain.press('Enter');
  expect(await different(other)).toBe(first);
});

test('what matters is in the first screen, and the picture stays beside the controls', async () => {
  const { page } = await openPage(browser, `${walk}?v=1&speed=200`, { width: 1440, height: 900 });
  await waitForView(page);
  await page.getByTestId('ess').filter({ hasText: /\d/ }).waitFor();
  const seen = ['.first h1', '.stage .primary', '.stage canvas', '.legend', '.readings'];
  const numbers = ['[data-testid=ess]', '[aria-label=Histogram] svg'];
  for (const what of [...seen, ...numbers]) {
    expect([what, await isInSight(page, what)]).toEqual([what, true]);
  }
  await page.getByRole('slider', { name: 'Chain', exact: true }).scrollIntoViewIfNeeded();
  expect(await isInSight(page, '.stage canvas')).toBe(true);
});
