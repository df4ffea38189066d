import { afterEach, expect, test, vi } from 'vitest';
import type { LoadProgress } from '../data/index.ts';
import { loadShown, withLoadProgress } from './load-progress.ts';
import type { Output } from './output.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** An output that notes what its bars are told. */
function recorded(): { output: Output; told: string[] } {
  const told: string[] = [];
  const progress: Output['progress'] = (label, total) => ({
    update: (done, { secondsLeft, note }) =>
      told.push(`${label} ${done}/${total} ${note} ${secondsLeft}`),
    stop: () => told.push(`${label} stops`),
  });
  return { output: { log: () => {}, result: () => {}, progress }, told };
}

test('a stage of more than a second is shown, one after the other', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { output, told } = recorded();
  const steps: readonly (readonly [seconds: number, LoadProgress])[] = [
    [0, { stage: 'reading', done: 1, total: 8 }],
    [0.5, { stage: 'reading', done: 2, total: 8 }],
    [1.5, { stage: 'reading', done: 4, total: 8 }],
    [0, { stage: 'checking', done: 4, total: 8 }],
    [0.1, { stage: 'checking', done: 8, total: 8 }],
    [0, { stage: 'measuring', done: 1, total: 8 }],
    [2, { stage: 'measuring', done: 8, total: 8 }],
  ];
  await withLoadProgress('faces', output, async (onProgress) => {
    for (const [seconds, progress] of steps) {
      vi.advanceTimersByTime(1000 * seconds);
      onProgress(progress);
    }
  });
  expect(told).toEqual([
    'reading faces 4/8 2 examples/s 2',
    'reading faces stops',
    'measuring faces 8/8 4 examples/s 0',
    'measuring faces stops',
  ]);
});

test('work that fails leaves no bar, and quick work shows none', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { output, told } = recorded();
  const work = withLoadProgress('faces', output, async (onProgress) => {
    onProgress({ stage: 'reading', done: 1, total: 8 });
    vi.advanceTimersByTime(1000);
    onProgress({ stage: 'reading', done: 2, total: 8 });
    throw new Error('no more');
  });
  await expect(work).rejects.toThrow('no more');
  expect(told.at(-1)).toBe('reading faces stops');
  told.length = 0;
  expect((await loadShown('digits8', { limit: 5 }, output)).count).toBe(5);
  expect(told).toEqual([]);
});
