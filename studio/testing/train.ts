/** What the browser tests of the view Train share. */
import type { Page } from 'playwright-core';
import { inject } from 'vitest';
import { openPage, startBrowser, waitForView } from './browser.ts';

const browser = await startBrowser();

/** Few steps of small batches, looked at now and then. */
export const small = 'v=1&device=cpu&steps=60&batch=16&warmup=5&every=20&walk=10';

export async function openTrain(query: string, options = {}) {
  const opened = await openPage(browser, `${inject('studio')}#/train?${query}`, options);
  opened.page.on('dialog', (dialog) => void dialog.accept());
  await waitForView(opened.page);
  return opened;
}

export const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
export const waitForText = (page: Page, text: RegExp) =>
  page.locator('.run').filter({ hasText: text }).waitFor({ timeout: 60_000 });

/** Trains to the end. */
export async function train(page: Page, steps = 60): Promise<void> {
  await button(page, 'Train').click();
  await waitForText(page, new RegExp(`step ${steps} of ${steps}`));
  await page.getByText(`at step ${steps}`).first().waitFor();
}
