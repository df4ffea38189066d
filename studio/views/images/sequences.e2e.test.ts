import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mdensityJson } from '../../../src/cli/testing.ts';
import { fingers } from '../../../src/cli/testing-sequences.ts';
import { sequencesOf } from '../../../src/data/alphabet.ts';
import { formatFasta, parseFasta } from '../../../src/data/node/index.ts';
import { openDenoiser } from '../../../src/model/index.ts';
import { walkJump } from '../../../src/sample/index.ts';
import { seriousFindings } from '../../testing/accessibility.ts';
import { expectNoSidewaysScroll } from '../../testing/browser.ts';
import { chooseModel, openView, press, saved, waitForStep } from '../../testing/images.ts';

const work = await mkdtemp(join(tmpdir(), 'mdensity-sequences-'));
afterAll(() => rm(work, { recursive: true }));
let onnx: Buffer;

beforeAll(async () => {
  const records = fingers(300, 1).map((sequence, i) => ({ name: `s${i}`, sequence }));
  await writeFile(join(work, 'training.fasta'), formatFasta(records));
  await mdensityJson(
    ...['train', '--net', 'bytenet-s', '--data', join(work, 'training.fasta')],
    ...['--alphabet', 'protein', '--pad', 'end', '--sigma', '0.5', '--steps', '150'],
    ...['--out', join(work, 'run')],
  );
  onnx = await readFile(join(work, 'run', 'model.onnx'));
});

test.each(['light', 'dark'] as const)(
  'a model of sequences is walked as in Node, as letters and as a logo, %s',
  async (colorScheme) => {
    const link = '?v=1&chains=6&jumpEvery=5&seed=3&friction=0.5&open=1';
    const { page, complaints } = await openView(link, { width: 360, colorScheme });
    await chooseModel(page, {
      name: 'fingers.onnx',
      mimeType: 'application/octet-stream',
      buffer: onnx,
    });
    await waitForStep(page, 5);
    for (const step of [10, 15]) {
      await press(page, 'Step');
      await waitForStep(page, step);
    }
    const model = await openDenoiser(onnx, 'fingers');
    const { alphabet } = model.config!;
    const expected: string[] = [];
    const walk = { chains: 6, steps: 15, jumpEvery: 5, seed: 3, friction: 0.5 };
    for await (const { xhat } of walkJump(model, walk)) {
      expected.push(...sequencesOf(xhat, model.shape[1]!, alphabet!));
    }
    const shown = await page.locator('[data-chain]').allTextContents();
    expect(shown.map((text) => text.trim())).toEqual(expected.slice(-6));
    const { name, bytes } = await saved(page, 'Sequences (FASTA)');
    expect(name).toBe('fingers.fasta');
    const records = parseFasta(bytes.toString(), name, { empty: true });
    expect(records.map(({ lines }) => lines.map(({ text }) => text).join(''))).toEqual(expected);
    await page.getByText('18 sequences of 3 jumps').waitFor();

    // MC is what all begin with: the first two stacks are one high letter each.
    const logo = page.getByRole('img', { name: /^Logo of 18 sequences/ });
    const height = (letter: string) =>
      logo
        .locator(`text[data-letter="${letter}"]`)
        .first()
        .evaluate((one) => one.getBoundingClientRect().height);
    expect(await height('M')).toBeGreaterThan(60);
    const svg = await saved(page, 'Logo (SVG)');
    expect(svg.name).toBe('fingers-logo.svg');
    expect(svg.bytes.toString()).toContain('data-letter="M"');
    expect(await page.getByLabel('Pictures of your own').count()).toBe(0);
    expect(await seriousFindings(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
    expect(complaints).toEqual([]);
  },
);
