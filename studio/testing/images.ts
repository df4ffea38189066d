/** What the browser tests of the view Images share. */
import type { Download, Page } from 'playwright-core';
import sharp from 'sharp';
import { inject } from 'vitest';
import { exportOnnx, mul } from '../../src/graph/index.ts';
import { openPage, startBrowser, waitForView } from './browser.ts';

const browser = await startBrowser();

interface FilePayload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Opens the view at a link's query. */
export async function openView(query = '', options: Parameters<typeof openPage>[2] = {}) {
  const opened = await openPage(browser, `${inject('studio')}#/images${query}`, options);
  await waitForView(opened.page);
  return opened;
}

/** A denoiser from elsewhere, ν(z) = factor · z on pictures of 8×8; it does not say its σ̃. */
export const multiple = (name: string, factor: number, channels = 1): FilePayload => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(
    exportOnnx({
      build: (z) => mul(z, factor),
      shape: [channels, 8, 8],
      inputName: 'z',
      outputName: 'x',
    }),
  ),
});

/** A picture of one colour as a PNG file. */
export const evenPicture = async (name: string, colour: string): Promise<FilePayload> => ({
  name,
  mimeType: 'image/png',
  buffer: await sharp({ create: { width: 20, height: 10, channels: 3, background: colour } })
    .png()
    .toBuffer(),
});

export const textFile = (name: string): FilePayload => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from('not what it says'),
});

export const chooseModel = (page: Page, file: FilePayload) =>
  page.locator('input[aria-label="A model to open"]').setInputFiles(file);

/** Opens a model that does not say its σ̃, and says it. */
export async function openWithSigma(page: Page, file: FilePayload, sigma: string): Promise<void> {
  await chooseModel(page, file);
  await page.getByLabel(/Effective noise/).fill(sigma);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
}

/** Lets files fall on an element of the page. */
export async function dropOn(page: Page, selector: string, files: readonly FilePayload[]) {
  const sent = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, bytes: [...buffer] }));
  await page.evaluate(
    ({ selector, sent }) => {
      const dataTransfer = new DataTransfer();
      for (const { name, mimeType, bytes } of sent) {
        dataTransfer.items.add(new File([Uint8Array.from(bytes)], name, { type: mimeType }));
      }
      const where = document.querySelector(selector)!;
      for (const type of ['dragover', 'drop']) {
        where.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    },
    { selector, sent },
  );
}

/** The step that the wall shows. */
export const stepShown = async (page: Page): Promise<number> =>
  Number(await page.locator('.stage dl dd').first().textContent());

/** Waits until the wall shows a step of at least so much. */
export const waitForStep = (page: Page, step: number) =>
  page.waitForFunction(
    (least) => Number(document.querySelector('.stage dl dd')?.textContent) >= least,
    step,
    { timeout: 100_000 },
  );

export const press = (page: Page, name: string) =>
  page.getByRole('button', { name, exact: true }).click();

/** Red, green and blue in the middle of a chain's picture. */
export const middleOf = (page: Page, chain: number): Promise<number[]> =>
  page.evaluate((chain) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`[data-chain="${chain}"] canvas`)!;
    // A copy, so that the wall's own canvas stays one that is drawn to alone.
    const copy = new OffscreenCanvas(1, 1).getContext('2d')!;
    copy.drawImage(canvas, -canvas.width / 2, -canvas.height / 2);
    return [...copy.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }, chain);

/** What a click on a button hands to the reader. */
export async function saved(page: Page, name: string): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, name)]);
  return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
}

async function bytesOf(download: Download): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
