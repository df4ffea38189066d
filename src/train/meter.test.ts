import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startMeter } from './meter.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const report = { loss: 2, gradientNorm: 1 };

test('time that is skipped slows nothing down', () => {
  const meter = startMeter(10);
  for (let step = 0; step < 4; step++) {
    vi.advanceTimersByTime(500);
    meter.add([report]);
    if (step !== 1) continue;
    vi.advanceTimersByTime(60_000);
    meter.skip(60_000);
  }
  expect(meter.rate()).toEqual({ secondsPerStep: 0.5, imagesPerSecond: 20 });
  expect(meter.take()).toEqual({ loss: 2, gradientNorm: 1, imagesPerSecond: 20 });
});

test('what is pending goes on in another meter', () => {
  const first = startMeter(10);
  first.add([{ loss: 1, gradientNorm: 4 }]);
  const second = startMeter(10, first.pending());
  vi.advanceTimersByTime(1000);
  second.add([{ loss: 3, gradientNorm: 6 }]);
  expect(second.take()).toEqual({ loss: 2, gradientNorm: 5, imagesPerSecond: 10 });
  expect(second.pending()).toEqual({ steps: 0, loss: 0, gradientNorm: 0 });
});
