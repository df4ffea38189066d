import { expect, test } from 'vitest';
import { gaussian } from '../density/index.ts';
import type { Progress } from '../progress.ts';
import { fillNormal, randomKey } from '../random.ts';
import { summarizeWalk, type WalkDraws } from './walk-summary.ts';

const walked = (): WalkDraws => {
  const data = new Float32Array(8 * 200);
  fillNormal(randomKey(3), 0, data);
  const draws = { data, shape: [8, 200, 1] as const };
  const density = gaussian([0], [[0.75]]);
  return { density, effectiveSigma: 0.5, ybar: draws, xhat: draws, acceptance: [] };
};

test('ends at the part in hand once its signal is aborted', async () => {
  const stop = new AbortController();
  const told: number[] = [];
  const onProgress = ({ done }: Progress) => {
    told.push(done);
    if (done === 2) stop.abort(new Error('enough'));
  };
  const work = { signal: stop.signal, onProgress };
  await expect(summarizeWalk(walked(), work)).rejects.toThrow('enough');
  expect(told).toEqual([1, 2]);
});

test('walks too short to say anything have no summary', async () => {
  const { ybar, ...rest } = walked();
  const short = { data: ybar.data.subarray(0, 72), shape: [8, 9, 1] as const };
  expect(await summarizeWalk({ ...rest, ybar: short, xhat: short })).toBeUndefined();
});
