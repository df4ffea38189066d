import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { findTarget } from '../../../src/density/targets.ts';
import { gaussianDraws } from '../../../src/sample/walk-draws.ts';
import { showPlace } from '../../target/noise.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import {
  expectNoSidewaysScroll,
  openPage,
  startBrowser,
  waitForView,
} from '../../testing/browser.ts';

const browser = await startBrowser();
const walk = `${inject('studio')}#/walk`;

/** A page whose walk rests until Play: the reader asked for less motion. */
async function openResting(query = '', width = 1100) {
  const opened = await openPage(browser, 'about:blank', { width });
  await opened.page.emulateMedia({ reducedMotion: 'reduce' });
  await opened.page.goto(`${walk}${query}`);
  await waitForView(opened.page);
  return opened;
}

const stepOf = async (page: Page) =>
  Number(await page.getByTestId('step').locator('strong').textContent());
/** Of a walk that rests no rate is shown, and steps that were in hand are. */
const waitForRest = (page: Page) =>
  page.locator('.readings').filter({ hasNotText: 'steps/s' }).waitFor();
const waitForStep = (page: Page, least: number) =>
  page.waitForFunction(
    (least) =>
      Number(document.querySelector('[data-testid=step] strong')?.textContent ?? 0) >= least,
    least,
  );
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const toggle = (page: Page, name: string) => page.getByRole('checkbox', { name });

test('it runs by itself, pauses, steps and starts again, and says what the draws say', async () => {
  const { page, complaints } = await openPage(browser, `${walk}?v=1&burn=0&every=1&speed=300`);
  await waitForStep(page, 60);
  await page.getByTestId('ess').filter({ hasText: /\d/ }).waitFor();
  expect(await page.locator('[aria-label^="Histogram of ȳ₁ of"] rect').count()).toBeGreaterThan(20);
  await button(page, 'Pause').click();
  await waitForRest(page);
  const rest = await stepOf(page);
  await page.waitForTimeout(300);
  expect(await stepOf(page)).toBe(rest);
  await button(page, 'Step').click();
  await waitForStep(page, rest + 1);
  expect(await stepOf(page)).toBe(rest + 1);
  await button(page, 'Reset').click();
  expect(await stepOf(page)).toBe(0);
  expect(complaints).toEqual([]);
});

test('the same seed gives the chain of the command line', async () => {
  const settings = { measurements: 4, meanWalk: false, stepSize: 0.7, friction: 0.25, chains: 3 };
  const draws = gaussianDraws(
    findTarget('rings'),
    { sigma: 0.8, measurements: 4, effectiveSigma: 0.4 },
    'baoab',
    {
      walk: 'joint',
      ...settings,
      steps: 15,
      burnIn: 0,
      thin: 15,
      seed: 11,
      signal: new AbortController().signal,
      onProgress: () => {},
    },
  );
  const { ybar, xhat } = (await draws.next()).value!;
  const { page, complaints } = await openResting(
    '?v=1&target=rings&sigma=0.8&M=4&kernel=baoab&step=0.7&friction=0.25&chains=3&seed=11&chain=2',
  );
  for (let step = 1; step <= 15; step++) {
    await button(page, 'Step').click();
    await waitForStep(page, step);
  }
  const place = (of: Float32Array) => `(${showPlace(of[4]!)}, ${showPlace(of[5]!)})`;
  expect(await page.getByTestId('chain').textContent()).toBe(
    `chain 2: ȳ = ${place(ybar)}, x̂ = ${place(xhat)}`,
  );
  expect(await page.locator('pre').textContent()).toBe(
    'mdensity walk --density rings --sigma 0.8 --measurements 4 --kernel baoab --step-size 0.7 --friction 0.25 --chains 3 --seed 11 --out walk/',
  );
  expect(complaints).toEqual([]);
});

test('controls change the walk, and a link brings all of them back', async () => {
  const { page, complaints } = await openResting('?v=1&burn=0');
  await button(page, 'Step').click();
  await waitForStep(page, 1);
  const before = await page.getByTestId('chain').textContent();
  await page.getByRole('combobox', { name: 'Kernel' }).selectOption('mala');
  await page.waitForFunction(() => location.hash.includes('kernel=mala'));
  expect(await stepOf(page)).toBe(0);
  expect(await page.getByRole('slider', { name: 'Friction γδ' }).isDisabled()).toBe(true);
  await button(page, 'Step').click();
  await waitForStep(page, 1);
  expect(await page.getByTestId('chain').textContent()).not.toBe(before);
  await page.getByRole('rowheader', { name: 'Acceptance' }).waitFor();
  await page.getByRole('spinbutton', { name: 'Measurements M' }).fill('9');
  await page.keyboard.press('Tab');
  await page.getByRole('combobox', { name: 'Walk', exact: true }).selectOption('mean');
  await toggle(page, 'Its M measurements y').check();
  await page.getByRole('slider', { name: 'Step size δ' }).press('ArrowLeft');
  await page.waitForFunction(() => /M=9.*step=0\.4\d+.*walk=mean.*ys=1/.test(location.hash));
  await button(page, 'Step').click();
  await waitForStep(page, 1);
  const state = await page.getByTestId('chain').textContent();
  await page.reload();
  await waitForView(page);
  await button(page, 'Step').click();
  await waitForStep(page, 1);
  expect(await page.getByTestId('chain').textContent()).toBe(state);
  expect(await page.getByRole('combobox', { name: 'Walk', exact: true }).inputValue()).toBe('mean');
  expect(complaints).toEqual([]);
});

test('a walk that diverges says where, and goes on with half the step', async () => {
  const { page, complaints } = await openPage(browser, `${walk}?v=1&kernel=ula&step=8&speed=600`);
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.textContent()).toMatch(
    /Chain \d+ left what numbers.*at step \d+.*step of 8 σ/s,
  );
  await button(page, 'Halve the step to 4 σ').click();
  await page.waitForFunction(() => location.hash.includes('step=4'));
  // 4 σ is too much as well, 2 σ and 1 σ are not.
  for (const step of [2, 1]) {
    const again = button(page, `Halve the step to ${step} σ`);
    const fine = waitForStep(page, 1500).then(() => false);
    if (await Promise.race([again.waitFor().then(() => true), fine])) await again.click();
  }
  await waitForStep(page, 1500);
  expect(await alert.count()).toBe(0);
  expect(complaints).toEqual([]);
});

test('without points there is nothing to walk, and the way to draw some', async () => {
  const { page, complaints } = await openPage(browser, `${walk}?v=1&target=points&sigma=0.7`);
  await page.getByRole('link', { name: 'Draw some in Shape' }).click();
  await page.waitForFunction(() => location.hash === '#/shape?v=1&target=points&sigma=0.7');
  await button(page, 'A drawing').click();
  await page.getByRole('link', { name: /Walk this density/ }).click();
  await waitForStep(page, 5);
  expect(await page.evaluate(() => location.hash)).toMatch(/^#\/walk\?v=1&target=points&points=/);
  expect(complaints).toEqual([]);
});

test('chains stay where they are while another view is shown', async () => {
  const { page, complaints } = await openResting('?v=1&seed=5');
  for (const step of [1, 2, 3]) {
    await button(page, 'Step').click();
    await waitForStep(page, step);
  }
  const place = await page.getByTestId('chain').textContent();
  await page.locator('header nav a').first().click();
  await page.getByRole('region', { name: 'Spectrum' }).waitFor();
  await page.locator('header nav a').nth(1).click();
  await waitForStep(page, 3);
  expect(await page.getByTestId('chain').textContent()).toBe(place);
  await button(page, 'Step').click();
  await waitForStep(page, 4);
  expect(complaints).toEqual([]);
});

test('each kernel has its own equations, and what does not go together is said', async () => {
  const { page, complaints } = await openResting('?v=1&kernel=ula', 360);
  await page.locator('summary[aria-label="About Kernel"]').click();
  const equation = page.locator('.controls .equation');
  const kernel = page.getByRole('combobox', { name: 'Kernel' });
  const seen = new Set<string>();
  for (const name of [
    'ula',
    'mala',
    'malt',
    'sachs',
    'baoab',
    'ubu',
    'baoab-limit',
    'shen-lee',
    'cheng',
  ]) {
    await kernel.selectOption(name);
    await page.waitForFunction(
      (wanted) => location.hash.includes(wanted) || wanted === 'sachs',
      name,
    );
    seen.add((await equation.first().textContent()) ?? '');
    const wider = await equation
      .first()
      .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect([name, wider]).toEqual([name, 0]);
  }
  expect(seen.size).toBe(9);
  const friction = page.getByRole('spinbutton', { name: 'Friction γδ' });
  await friction.fill('0.0625');
  await friction.press('Enter');
  await page.getByText(/cheng is unstable/).waitFor();
  await page.getByRole('button', { name: /^Set friction to/ }).click();
  await page.getByText(/cheng is unstable/).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

test('two walks side by side have a picture and numbers each', async () => {
  const { page, complaints } = await openPage(
    browser,
    `${walk}?v=1&burn=0&every=1&speed=300&chains=4&beside=kernel&kernel2=mala`,
  );
  await waitForStep(page, 60);
  expect(await page.locator('.stage canvas').count()).toBe(2);
  await page.getByRole('columnheader', { name: 'mala' }).waitFor();
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('[data-testid=ess]')].filter(({ textContent }) =>
        /\d/.test(textContent ?? ''),
      ).length === 2,
  );
  expect(complaints).toEqual([]);
});

test('a picture, the draws and a chart are saved', async () => {
  const { page } = await openPage(browser, `${walk}?v=1&burn=0&every=1&speed=300&chains=2`);
  await waitForStep(page, 30);
  await button(page, 'Pause').click();
  await waitForRest(page);
  const save = async (name: string) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, name).click(),
    ]);
    const parts: Buffer[] = [];
    for await (const part of await download.createReadStream()) parts.push(part as Buffer);
    return { name: download.suggestedFilename(), bytes: Buffer.concat(parts) };
  };
  const drawn = await stepOf(page);
  const csv = await save('Draws (CSV)');
  expect(csv.name).toBe('walk-two-moons-draws.csv');
  const lines = csv.bytes.toString().trim().split('\r\n');
  expect(lines[0]).toBe('chain,step,ybar_1,ybar_2,xhat_1,xhat_2');
  expect(lines.length).toBe(1 + 2 * drawn);
  expect((await save('Picture (PNG)')).bytes.subarray(1, 4).toString()).toBe('PNG');
  const svg = (await save('Save histogram-ybar as SVG')).bytes.toString();
  expect(svg).toMatch(/^<svg/);
  expect(svg).not.toContain('var(--');
});

test.each(['light', 'dark'] as const)(
  'accessible and no wider than a phone: %s',
  async (colorScheme) => {
    const { page } = await openPage(browser, `${walk}?v=1&target=mixture&burn=0&every=1`, {
      width: 360,
      colorScheme,
    });
    await waitForStep(page, 20);
    await button(page, 'Pause').click();
    for (const what of ['Kernel', 'R̂']) {
      await page.locator(`summary[aria-label="About ${what}"]`).click();
    }
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
  },
);

/** With nothing asked of it, a worker breaks down as well: a slow walk asks now and then. */
test.each([300, 2])(
  'chains walk in a worker: one that breaks down is said, and Play starts another, at %d steps/s',
  async (speed) => {
    const { page } = await openPage(browser, `${walk}?v=1&burn=0&every=1&speed=${speed}&ys=1&M=4`);
    await waitForStep(page, speed / 10);
    const worker = page.workers().find((one) => one.url().includes('/worker-'))!;
    await worker.evaluate(() => {
      setTimeout(() => {
        throw new Error('a defect');
      });
    });
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toMatch(
      /The walk has ended: the engine has broken down \(.*a defect\); start again, or reload the page/,
    );
    await button(page, 'Play').click();
    await waitForStep(page, speed / 10);
    expect(await alert.count()).toBe(0);
  },
);
