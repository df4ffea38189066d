import type { Page } from 'playwright-core';
import { expect, inject, test } from 'vitest';
import { seriousFindings } from '../../testing/accessibility.ts';
import {
  expectNoSidewaysScroll,
  openPage,
  startBrowser,
  waitForView,
} from '../../testing/browser.ts';

const browser = await startBrowser();
const shape = `${inject('studio')}#/shape`;

/** What the canvas shows, as a text to compare. */
const picture = (page: Page) =>
  page.locator('.stage canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
const waitForLink = (page: Page, what: RegExp) =>
  page.waitForFunction((source) => new RegExp(source).test(location.hash), what.source);

/** Waits until the fine field is drawn. */
async function settled(page: Page): Promise<string> {
  for (let before = ''; ; ) {
    await page.waitForTimeout(400);
    const now = await picture(page);
    if (now === before) return now;
    before = now;
  }
}

/** A place of the plane on the page; its half side is 6. */
async function pixelOf(page: Page, x: number, y: number): Promise<readonly [number, number]> {
  await page.locator('.stage canvas').scrollIntoViewIfNeeded();
  const box = (await page.locator('.stage canvas').boundingBox())!;
  return [box.x + (box.width * (x + 6)) / 12, box.y + (box.height * (6 - y)) / 12];
}

test('noise changes the picture and the spectrum; a reload brings the same back', async () => {
  const { page, complaints } = await openPage(browser, shape);
  await waitForView(page);
  const first = await settled(page);
  await page.getByRole('slider', { name: 'Noise σ' }).focus();
  for (let k = 0; k < 30; k++) await page.keyboard.press('ArrowRight');
  await waitForLink(page, /sigma=0\.9/);
  const second = await settled(page);
  expect(second).not.toBe(first);
  const condition = page.locator('.facts strong');
  const kappa = await condition.textContent();
  await page.reload();
  await waitForView(page);
  expect(await settled(page)).toBe(second);
  expect(await condition.textContent()).toBe(kappa);
  expect(complaints).toEqual([]);
});

test('within a class M changes the spectrum and not the field', async () => {
  const { page, complaints } = await openPage(browser, `${shape}?v=1&hold=1`);
  await waitForView(page);
  const first = await settled(page);
  const condition = page.locator('.facts strong');
  const alone = await condition.textContent();
  await page.getByRole('spinbutton', { name: 'Measurements M' }).fill('4');
  await page.keyboard.press('Tab');
  await waitForLink(page, /sigma=1&M=4&hold=1/);
  expect(await settled(page)).toBe(first);
  expect(await condition.textContent()).not.toBe(alone);
  await page.getByRole('button', { name: 'M = 16, σ = 2' }).click();
  await waitForLink(page, /sigma=2&M=16/);
  expect(await settled(page)).toBe(first);
  expect(complaints).toEqual([]);
});

test('points are drawn by mouse and keyboard, erased, and kept by the link', async () => {
  const { page, complaints } = await openPage(browser, `${shape}?v=1&target=points`);
  await waitForView(page);
  await page.getByText('Draw with mouse or finger').waitFor();
  await page.getByText('There is no density yet.').first().waitFor();
  await page.mouse.move(...(await pixelOf(page, -2, 1)));
  await page.mouse.down();
  await page.mouse.move(...(await pixelOf(page, 2, 1)), { steps: 12 });
  await page.mouse.up();
  const counted = async () =>
    Number.parseInt((await page.locator('.count').textContent()) ?? '', 10);
  const drawn = await counted();
  expect(drawn).toBeGreaterThanOrEqual(10);
  await page.locator('.stage canvas').focus();
  for (const key of ['Shift+ArrowDown', 'Shift+ArrowDown', 'ArrowLeft', 'Enter']) {
    await page.keyboard.press(key);
  }
  expect(await counted()).toBe(drawn + 1);
  await page.getByText('Condition number κ').waitFor();
  await page.keyboard.press('Delete');
  expect(await counted()).toBe(drawn);
  await page.getByRole('button', { name: 'Erase' }).click();
  await page.mouse.click(...(await pixelOf(page, -2, 1)));
  expect(await counted()).toBe(drawn - 1);
  await waitForLink(page, /points=/);
  await page.waitForTimeout(300);
  await page.reload();
  await waitForView(page);
  expect(await counted()).toBe(drawn - 1);
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('Draw with mouse or finger').waitFor();
  expect(complaints).toEqual([]);
});

test('a mixture is arranged by dragging, keys and sliders', async () => {
  const { page, complaints } = await openPage(browser, `${shape}?v=1&target=mixture`);
  await waitForView(page);
  await page.mouse.move(...(await pixelOf(page, 0.4, 2.4)));
  await page.mouse.down();
  await page.mouse.move(...(await pixelOf(page, 3, 3)), { steps: 5 });
  await page.mouse.up();
  await waitForLink(page, /;(2\.9\d*|3|3\.0\d*),(2\.9\d*|3|3\.0\d*),1,0\.4/);
  await page.getByRole('spinbutton', { name: 'Weight' }).fill('2.5');
  await page.getByRole('spinbutton', { name: 'Spread' }).fill('0.9');
  await page.keyboard.press('Tab');
  await waitForLink(page, /,2\.5,0\.9/);
  await page.locator('.stage canvas').focus();
  for (const key of ['n', 'ArrowUp']) await page.keyboard.press(key);
  await waitForLink(page, /centres=-2\.4,-1\.1,1,0\.6/);
  await page.keyboard.press('a');
  await waitForLink(page, /;0,0,1,0\.6/);
  for (let k = 0; k < 4; k++) await page.keyboard.press('Delete');
  await page.getByText('Add a centre').waitFor();
  expect(complaints).toEqual([]);
});

test('the place that is looked at has a jump', async () => {
  const { page } = await openPage(
    browser,
    `${shape}?v=1&target=mixture&centres=1,0,1,0.75&sigma=1`,
  );
  await waitForView(page);
  await page.mouse.move(...(await pixelOf(page, 2, 2)));
  const look = page.getByText(/^z = \(/);
  await look.waitFor();
  const numbers = async (text: string | RegExp) =>
    ((await page.getByText(text).textContent()) ?? '').match(/\d+\.\d\d/g)!.map(Number);
  const [x, y] = await numbers(/^z = \(/);
  const [jumpX, jumpY] = await numbers(/^x̂ = ν\(z\)/);
  // The pointer is at a whole pixel, and what is shown is rounded.
  expect(Math.abs(x! - 2)).toBeLessThan(0.02);
  // ν(z) = μ + s²/(s² + σ̃²) (z − μ), with 0.36 for the share.
  expect(Math.abs(jumpX! - (1 + 0.36 * (x! - 1)))).toBeLessThan(0.011);
  expect(Math.abs(jumpY! - 0.36 * y!)).toBeLessThan(0.011);
  await page.getByRole('combobox', { name: 'Density of x' }).selectOption('rings');
  await page.locator('.stage canvas').focus();
  await page.keyboard.press('Shift+ArrowUp');
  await page.getByText(/^z = \(/).waitFor();
});

test('fingers scroll the page where nothing can be drawn, and a tap keeps its jump', async () => {
  const { page } = await openPage(browser, `${shape}?v=1&target=rings`, {
    width: 360,
    touch: true,
  });
  await waitForView(page);
  const plane = page.locator('.stage canvas');
  const action = () => plane.evaluate((canvas) => getComputedStyle(canvas).touchAction);
  expect(await action()).toBe('auto');
  const [x, y] = await pixelOf(page, 2, 2);
  await page.touchscreen.tap(x, y);
  await page.getByText(/^z = \(/).waitFor();
  await page.waitForTimeout(300);
  expect(await page.getByText(/^z = \(/).count()).toBe(1);
  await page.getByRole('combobox', { name: 'Density of x' }).selectOption('points');
  expect(await action()).toBe('none');
});

test('a pressed button keeps its label under the mouse', async () => {
  const { page } = await openPage(browser, `${shape}?v=1&target=points`);
  await waitForView(page);
  for (const button of [
    page.getByRole('button', { name: 'Draw', exact: true }),
    page.getByRole('button', { name: /^M = 1,/ }),
  ]) {
    await button.hover();
    const [text, ground] = await button.evaluate((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      return [color, backgroundColor];
    });
    expect(text).not.toBe(ground);
  }
});

test('what was done is undone and done again, by button and by key', async () => {
  const { page, complaints } = await openPage(browser, `${shape}?v=1&target=mixture`);
  await waitForView(page);
  const sigma = page.getByRole('spinbutton', { name: 'Noise σ' });
  for (const value of ['0.8', '1.5']) {
    await sigma.fill(value);
    await sigma.press('Enter');
    await waitForLink(page, new RegExp(`sigma=${value}`));
  }
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  expect(await sigma.inputValue()).toBe('0.8');
  await page.locator('.stage canvas').focus();
  await page.keyboard.press('Control+z');
  expect(await sigma.inputValue()).toBe('0.5');
  expect(await page.getByRole('button', { name: 'Undo', exact: true }).isDisabled()).toBe(true);
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  expect(await sigma.inputValue()).toBe('1.5');
  expect(complaints).toEqual([]);
});

test('the density and its noise are those of the other views', async () => {
  const { page } = await openPage(browser, `${shape}?v=1&target=rings&sigma=0.8&M=4`);
  await waitForView(page);
  await page.locator('header nav a').nth(1).click();
  await waitForLink(page, /^#\/walk\?v=1&target=rings&sigma=0\.8&M=4$/);
  await page.getByRole('combobox', { name: 'Density of x' }).selectOption('funnel');
  await waitForLink(page, /target=funnel/);
  await page.locator('header nav a').nth(3).click();
  await waitForLink(page, /^#\/train\?v=1&target=funnel&sigma=0\.8&M=4$/);
});

test('a link that is damaged in part says so and keeps the rest', async () => {
  const { page, complaints } = await openPage(
    browser,
    `${shape}?v=1&target=rings&points=1,99&sigma=2`,
  );
  await waitForView(page);
  expect(await page.getByRole('alert').textContent()).toContain('points=1,99');
  expect(await page.getByRole('spinbutton', { name: 'Noise σ' }).inputValue()).toBe('2');
  expect(complaints).toEqual([]);
});

test.each(['light', 'dark'] as const)(
  'accessible and no wider than a phone: %s',
  async (colorScheme) => {
    for (const target of ['points', 'mixture']) {
      const { page } = await openPage(browser, `${shape}?v=1&target=${target}`, {
        width: 360,
        colorScheme,
      });
      await waitForView(page);
      await page.locator('summary[aria-label="About Noise σ"]').click();
      expect(await seriousFindings(page)).toEqual([]);
      await expectNoSidewaysScroll(page);
    }
  },
);
