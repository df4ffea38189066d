/** What was learned is kept, and found again. */
import { expect, test } from 'vitest';
import { isInSight } from '../../testing/browser.ts';
import { button, openTrain, small, train } from '../../testing/train.ts';

test('steps that no file holds are asked for, whichever view is shown', async () => {
  const { page } = await openTrain(small);
  const asked: string[] = [];
  page.on('dialog', (dialog) => asked.push(dialog.type()));
  await train(page);
  await button(page, 'Start again').click();
  await page.getByText(/would lose 60 steps/).waitFor();
  await button(page, 'Keep them').click();
  await page.locator('header nav a').first().click();
  await page.getByRole('region', { name: 'Spectrum' }).waitFor();
  const closed = page.waitForEvent('close');
  await page.close({ runBeforeUnload: true });
  await closed;
  expect(asked).toEqual(['beforeunload']);
});

test('a file that fell and is no model is said where a phone shows it', async () => {
  const { page } = await openTrain(small, { width: 360 });
  await page.locator('pre').scrollIntoViewIfNeeded();
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['meow'], 'cat.png'));
    document.body.dispatchEvent(
      new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }),
    );
  });
  await page
    .getByRole('alert')
    .filter({ hasText: /cat\.png: is neither a model/ })
    .waitFor();
  expect(await isInSight(page, '[role=alert]')).toBe(true);
});

test('the command is said to make the losses of the page only where it does', async () => {
  const { page, complaints } = await openTrain(small);
  const note = page.getByRole('region', { name: 'The same training on the command line' });
  const said = (text: RegExp) => note.filter({ hasText: text }).waitFor();
  await said(/the losses that the page will make/);
  await train(page);
  await said(/Its losses are those of the page/);
  const rate = page.getByRole('spinbutton', { name: 'Learning rate η' });
  await rate.fill('0.002');
  await rate.press('Enter');
  await said(/of the controls as they are now.*its losses are others/);
  const steps = page.getByRole('spinbutton', { name: 'Steps' });
  await steps.fill('70');
  await steps.press('Enter');
  await button(page, 'Go on with this').click();
  await page.getByText('at step 70').first().waitFor();
  await said(/The page changed settings on the way.*its losses are others/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, 'Save model.onnx').click(),
  ]);
  const name = download.suggestedFilename();
  const parts: Buffer[] = [];
  for await (const part of await download.createReadStream()) parts.push(part as Buffer);
  const file = { name, mimeType: '', buffer: Buffer.concat(parts) };
  await page.locator('input[type=file]').setInputFiles(file);
  await said(new RegExp(`The page goes on from ${name}.*--init ${name}`));
  expect(complaints).toEqual([]);
});

test('a slider leads back through the training, and what was learned is walked without a file', async () => {
  const { page, complaints } = await openTrain(`${small}&target=rings&sigma=0.7`);
  await train(page);
  await page.getByRole('region', { name: 'Error of the score' }).waitFor();
  // Beside the loss, which is noise by then, the error that falls: that of the latest look.
  const shownError = await page.locator('.run .error strong').textContent();
  expect(shownError).toMatch(/^\d[\d.]* %$/);
  expect(await page.locator('[aria-label="What is shown"] strong').first().textContent()).toBe(
    shownError,
  );
  const back = page.getByRole('spinbutton', { name: 'Back to step' });
  await back.fill('0');
  await back.press('Enter');
  // Looks are taken as the machine allows, the first of them near the beginning.
  const shown = page.getByRole('region', { name: 'What is shown' });
  await shown.filter({ hasText: /at step ([0-9]|[1-5][0-9])(?![0-9])/ }).waitFor();
  await back.fill('60');
  await back.press('Enter');
  await page.getByText('at step 60').first().waitFor();
  await button(page, 'Walk it →').click();
  await page.waitForFunction(() => location.hash === '#/walk?v=1&target=rings&sigma=0.7');
  const toggle = page.getByRole('checkbox', { name: 'Walk what was learned, at step 60' });
  await toggle.waitFor();
  expect(await toggle.isChecked()).toBe(true);
  await page.waitForFunction(
    () => Number(document.querySelector('[data-testid=step] strong')?.textContent ?? 0) >= 10,
  );
  const sigma = page.getByRole('spinbutton', { name: 'Noise σ' });
  await sigma.fill('0.9');
  await sigma.press('Enter');
  await page.getByText(/knows the class \[0\.7\] alone/).waitFor();
  expect(complaints).toEqual([]);
});
