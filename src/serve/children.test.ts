import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { childrenOf, until, workFolder } from '../cli/testing.ts';
import { startChildren } from './children.ts';
import { planOf } from './plan.ts';
import { sampleRequestSchema } from './request.ts';
import { smallConfig, smallModel } from './testing.ts';
import type { TaskEvents } from './walkers.ts';

test('a task that was taken back is not walked again where its process dies', async () => {
  const path = join(workFolder(), 'small.onnx');
  writeFileSync(path, smallModel(0.5));
  const asked = sampleRequestSchema.parse({
    model: 'small',
    chains: 1,
    steps: 1e6,
    jumpEvery: 1e6,
  });
  const request = { ...asked, seed: 1 };
  const task = (seed: number) => ({
    model: { path, version: '1' },
    request: { ...request, seed },
    walk: planOf(smallConfig(0.5), { ...request, seed }).walk,
    rows: 1,
    firstChain: 0,
    chains: 1,
  });
  const told = { stopped: [] as string[], kept: [] as string[] };
  const events = (lines: string[]): TaskEvents => ({
    started: () => lines.push('started'),
    progress: () => {},
    jump: () => {},
    done: () => lines.push('done'),
    failed: () => lines.push('failed'),
    died: () => lines.push('died'),
  });
  const before = new Set(childrenOf(process.pid));
  const children = startChildren({ workers: 1 });
  onTestFinished(children.stop);
  const stop = children.submit(task(1), events(told.stopped));
  const keep = children.submit(task(2), events(told.kept));
  await until(() => told.kept.length === 1);
  // It hears nothing of this before it is killed.
  const [pid] = childrenOf(process.pid).filter((one) => !before.has(one));
  process.kill(pid!, 'SIGSTOP');
  stop();
  process.kill(pid!, 'SIGKILL');
  await until(() => told.kept.length === 2);
  expect(told).toEqual({ stopped: ['started'], kept: ['started', 'started'] });
  keep();
});
