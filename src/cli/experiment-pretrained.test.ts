/** Paper A's experiment with a published model, which walks every class that is asked for. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { writeNpy } from '../data/node/index.ts';
import { mdensity, mdensityJson, refusal, workFolder } from './testing.ts';
import { describeWalks } from './walks-cost.ts';

const ddpm = fileURLToPath(new URL('../model/pretrained/fixtures/diffusers-ddpm', import.meta.url));
const folder = workFolder();
const at = (...names: string[]) => join(folder, ...names);
process.env.MDENSITY_DATA = at('cache');

const family = at('family.onnx');
const experiment = ['experiment', 'paper-a', '--model', family, '--data', at('images.npy')];
const settings = [
  ...[...experiment, '--features', 'pixels', '--classes', '0.25,1', '--measurements', '1,4'],
  ...['--frictions', '1', '--kernels', 'sachs', '--seeds', '1', '--chains', '20', '--draws', '10'],
  ...['--jump-every', '1', '--burn-in', '2', '--long-draws', '10', '--workers', '1'],
];

beforeAll(async () => {
  const images = Float32Array.from({ length: 220 * 192 }, (_, i) => ((i * i * 37) % 251) / 250);
  await writeNpy(at('images.npy'), images, [220, 3, 8, 8]);
  const { code, stderr } = await mdensity('import', ddpm, '--out', family, '--picture', 'none');
  expect(code, stderr).toBe(0);
});

/** What a dry run says. */
interface Said {
  readonly cost: Parameters<typeof describeWalks>[0];
}

test('a dry run at full scale counts the paper’s walks, and leaves nothing behind', async () => {
  const full = [...experiment, '--features', 'pixels', '--scale', 'full', '--workers', '1'];
  const { cost } = await mdensityJson<Said>(...full, '--out', at('never'), '--dry-run');
  expect(existsSync(at('never'))).toBe(false);
  // One class, M = 1, 4, 16, nine frictions and five seeds; one measurement after another, five
  // seeds; two kernels more; three long chains.
  expect(cost).toMatchObject({ walks: 3 * 9 * 5 + 5 + 2 * 5 + 3, trainings: 0, workers: 1 });
  expect(cost.samples).toBe(150 * 50_000 + 3 * 8 * 1000);
  expect(cost.scoreCalls).toBeGreaterThan(145 * 125 * 8500);
  const { seconds, scoreCalls, samples, secondsPerScoreCall, secondsPerSample } = cost;
  expect(seconds).toBeCloseTo(scoreCalls * secondsPerScoreCall + samples * secondsPerSample, 3);
});

test('a family walks each class that is asked for, having said the cost', async () => {
  const { code, stderr } = await mdensity(...settings, '--out', at('walked'));
  expect(code, stderr).toBe(0);
  // 20 chains of 2 + 10 steps and 10 jumps; long ones, 8 chains of 2 + 100 steps and 10 jumps.
  // Of M = 4,096 the first measurement takes 40 steps, twelve blocks more 4 and a call, and a jump.
  expect(4 * 20 * 22 + 4 * 8 * 112 + 2 * 20 * 10 * (40 + 12 * 5 + 1)).toBe(45_744);
  expect(stderr).toMatch(
    /^note: 10 walks with 45,744 score calls: about \d+s on this machine, 1 at a time/,
  );
  const lines = readFileSync(at('walked', 'cells.jsonl'), 'utf8').trimEnd().split('\n');
  const rows = lines.map((line) => JSON.parse(line));
  expect(rows).toHaveLength(10);
  for (const row of rows) expect(row.scoreCalls).toBeGreaterThan(0);
  expect(rows.every(({ error }) => error === undefined)).toBe(true);
  const walked = rows.filter(({ stage }) => stage === 'friction');
  expect(walked.map(({ sigma, measurements }) => [sigma, measurements]).sort()).toEqual([
    [0.25, 1],
    [0.25, 4],
    [1, 1],
    [1, 4],
  ]);
  // The classes are other densities.
  const distances = walked.map(({ fd }) => fd);
  expect(new Set(distances).size).toBe(4);
  const { stdout } = await mdensity(...settings, '--out', at('walked'), '--dry-run');
  expect(stdout).toBe('nothing is left to walk\n');
});

test('a class that the family does not know is refused, and so is one without a model', async () => {
  const none = ['--out', at('none')];
  expect(await refusal(...settings, '--classes', '0.25,100', ...none)).toMatch(
    /^--classes: the model .*family.onnx has .*, not 100; give classes of those$/,
  );
  const copy = at('copy.onnx');
  cpSync(family, copy);
  const twice = `${family},${copy}`;
  expect(await refusal(...settings, '--model', twice, ...none)).toBe(
    '--model: two models have the class 0.25; give one of each',
  );
  expect(await refusal('experiment', 'paper-a', '--model', family, ...none)).toMatch(
    /^--data: is missing;/,
  );
  expect(existsSync(at('none'))).toBe(false);
});

test('the statement is one line', () => {
  const measured = { secondsPerScoreCall: 0.0123, secondsPerSample: 0.25 };
  const counted = { walks: 148, scoreCalls: 160_000_000, samples: 7_250_000, trainings: 1 };
  expect(describeWalks({ ...measured, ...counted, workers: 2, seconds: 3 * 86_400 })).toBe(
    '148 walks with 160,000,000 score calls: about 3.0 days on this machine, 2 at a time (12 ms a score call, 250 ms for the features of a sample), distances and training apart',
  );
});
