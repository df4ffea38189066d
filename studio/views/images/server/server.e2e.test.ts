import { expect, test } from 'vitest';
import { until } from '../../../../src/cli/testing.ts';
import { createClient } from '../../../../src/client/index.ts';
import { seriousFindings } from '../../../testing/accessibility.ts';
import {
  expectNoSidewaysScroll,
  openPage,
  startBrowser,
  waitForView,
} from '../../../testing/browser.ts';
import { startServed } from '../../../testing/served.ts';
import { paintPicture, plain } from '../pixels.ts';

const browser = await startBrowser();
const served = await startServed(...['--models', 'mnist,mnist-family', '--workers', '1']);
const client = createClient({ url: served.address });

async function openPanel(address = served.address) {
  const opened = await openPage(browser, `${address}/studio/#/images?v=1`);
  // Whatever else the machine does.
  opened.page.setDefaultTimeout(300_000);
  await waitForView(opened.page);
  const panel = opened.page.getByRole('region', { name: 'On the server' });
  await panel.waitFor();
  const set = (name: string, value: number) =>
    panel.getByRole('spinbutton', { name, exact: true }).fill(String(value));
  const press = (name: string) => panel.getByRole('button', { name, exact: true }).click();
  return { ...opened, panel, set, press };
}

test('a walk of the server is shown jump by jump, to the pictures that any client gets', async () => {
  const { page, panel, set, press, complaints } = await openPanel();
  expect(await panel.locator('option').allTextContents()).toEqual([
    expect.stringMatching(/^mnist: 1×28×28/),
    expect.stringMatching(/^mnist-family: 1×28×28/),
  ]);
  await set('Chains', 3);
  await set('Steps', 30);
  await set('Steps to a jump', 10);
  await set('Seed', 7);
  await press('Play');
  await panel.getByText('jump 3 of 3, step 30, seed 7').waitFor();
  await panel.getByRole('button', { name: 'Play', exact: true }).waitFor();

  const asked = { model: 'mnist', chains: 3, steps: 30, jumpEvery: 10, seed: 7 };
  const whole = await (await client.sample(asked)).samples();
  const shape = { channels: 1, height: 28, width: 28 };
  for (const chain of [0, 1, 2]) {
    const painted = await panel
      .getByLabel(`Chain ${chain + 1} of the server`)
      .evaluate((canvas: HTMLCanvasElement) =>
        Array.from(canvas.getContext('2d')!.getImageData(0, 0, 28, 28).data),
      );
    const pixels = new Uint8ClampedArray(4 * 784);
    const first = 784 * (3 * chain + 2);
    paintPicture(whole.slice(first, first + 784), shape, pixels, plain);
    expect(painted).toEqual(Array.from(pixels));
  }
  expect(await seriousFindings(page)).toEqual([]);
  await expectNoSidewaysScroll(page);
  expect(complaints).toEqual([]);
});

test('jumps are there before the walk ends, and Pause takes it back', async () => {
  const { page, panel, set, press, complaints } = await openPanel();
  await set('Chains', 8);
  await set('Steps', 5000);
  await set('Steps to a jump', 10);
  const sent = page.waitForResponse((response) => response.request().method() === 'POST');
  await press('Play');
  const { id } = (await (await sent).json()) as { readonly id: string };
  await panel.getByText(/^jump \d+ of 500/).waitFor();
  await press('Pause');
  await panel.getByRole('button', { name: 'Play', exact: true }).waitFor();
  const job = await client.job(id);
  await until(async () => (await job.describe()).status === 'cancelled');
  // What has come stays.
  expect(await panel.getByLabel(/^Chain \d+ of the server$/).count()).toBe(8);
  expect(complaints).toEqual([]);
});

test('a server that is full, and one that is away, are told of in place', async () => {
  const own = await startServed('--models', 'mnist', '--workers', '1', '--queue-limit', '1');
  const other = createClient({ url: own.address });
  const long = { model: 'mnist', chains: 64, steps: 10_000, jumpEvery: 10_000 };
  const jobs = [await other.sample(long)];
  await until(async () => (await jobs[0]!.describe()).status === 'running');
  jobs.push(await other.sample(long));
  const { panel, set, press } = await openPanel(own.address);
  await press('Play');
  await panel
    .getByText(/^The server is full: 1 jobs wait already\. Play again in \d+ s\.$/)
    .waitFor();
  for (const job of jobs) await job.cancel();

  await set('Chains', 8);
  await set('Steps', 5000);
  await set('Steps to a jump', 10);
  await press('Play');
  await panel.getByText(/^jump \d+ of 500/).waitFor();
  await own.kill();
  await panel.getByText(/^The server does not answer\. It is asked again until it does/).waitFor();
  await press('Pause');
  await press('Play');
  await panel.getByText(/^The server does not answer\. See whether mdensity serve still/).waitFor();
});

test('a server with keys is asked with one', async () => {
  process.env.MDENSITY_API_KEYS = 'alice=secret-of-alice-1234';
  const locked = await startServed('--models', 'mnist', '--workers', '1');
  delete process.env.MDENSITY_API_KEYS;
  const { panel, press } = await openPanel(locked.address);
  const field = panel.getByLabel('API key of the server');
  await field.fill('wrong');
  await press('Take');
  await panel.getByText('The key is refused.').waitFor();
  await field.fill('secret-of-alice-1234');
  await press('Take');
  await panel.getByRole('button', { name: 'Play', exact: true }).waitFor();
});
