import { afterEach, expect, test, vi } from 'vitest';
import { loadDataset } from '../data/node/index.ts';
import type { Progress } from '../progress.ts';
import type { Output } from './output.ts';
import { watch } from './watch.ts';

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

test('work of more than a second is shown, one thing after the other', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { output, told } = recorded();
  const of = 8;
  const unit = 'examples';
  const steps: readonly (readonly [seconds: number, Progress])[] = [
    [0, { label: 'reading faces', done: 0, of, unit }],
    [0.5, { label: 'reading faces', done: 2, of, unit }],
    [1.5, { label: 'reading faces', done: 4, of, unit }],
    [0, { label: 'checking faces', done: 4, of, unit }],
    [0.1, { label: 'checking faces', done: 8, of, unit }],
    [0, { label: 'fetching', done: 0, of: 8e6, unit: 'bytes' }],
    [2, { label: 'fetching', done: 4e6, of: 8e6, unit: 'bytes', note: 'a.bin' }],
  ];
  await watch(output, async ({ onProgress }) => {
    for (const [seconds, progress] of steps) {
      vi.advanceTimersByTime(1000 * seconds);
      onProgress(progress);
    }
  });
  expect(told).toEqual([
    'reading faces 4/8 2.0 examples/s 2',
    'reading faces stops',
    'fetching 4000000/8000000 a.bin · 2.0 MB/s 2',
    'fetching stops',
  ]);
});

test('work that fails leaves no bar, and quick work shows none', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { output, told } = recorded();
  const work = watch(output, async ({ onProgress }) => {
    onProgress({ label: 'reading faces', done: 1, of: 8, unit: 'images' });
    vi.advanceTimersByTime(1000);
    onProgress({ label: 'reading faces', done: 2, of: 8, unit: 'images' });
    throw new Error('no more');
  });
  await expect(work).rejects.toThrow('no more');
  expect(told.at(-1)).toBe('reading faces stops');
  told.length = 0;
  const load = ({ onProgress }: { onProgress: (progress: Progress) => void }) =>
    loadDataset('digits8', { limit: 5, onProgress });
  expect((await watch(output, load)).count).toBe(5);
  expect(told).toEqual([]);
});
