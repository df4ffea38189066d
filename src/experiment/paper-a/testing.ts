/** What the tests of experiments share. */
import { type PaperAProtocol, protocolSchema } from './protocol.ts';
import type { PaperARow } from './store.ts';

/** A protocol of one class, two members, two frictions and two seeds, with some of it changed. */
export function protocolOf(changes: Partial<PaperAProtocol> = {}): PaperAProtocol {
  return protocolSchema.parse({
    experiment: 'paper-a',
    scale: 'small',
    data: { name: 'digits8', count: 100, hash: 'd'.repeat(64) },
    features: { name: 'pixels', id: 'pixels' },
    classes: [{ sigma: 0.25, model: 'runs/a/model.onnx', hash: 'a'.repeat(64) }],
    measurements: [1, 4],
    frictions: [0.25, 1],
    kernels: ['sachs', 'cheng'],
    seeds: [0, 1],
    stepSize: 0.5,
    chains: 10,
    draws: 10,
    jumpEvery: 2,
    burnIn: 5,
    long: { chains: 4, draws: 10, jumpEvery: 2 },
    ...changes,
  });
}

/** A finished cell, with some of it changed. */
export function rowOf(changes: Partial<PaperARow> = {}): PaperARow {
  const cell = { stage: 'friction', sigma: 0.25, measurements: 1, kernel: 'sachs' } as const;
  const row = { id: 'a', ...cell, friction: 0.25, seed: 0, samples: 100, scoreCalls: 350 };
  return { ...row, seconds: 1, fd: 3, kid: 0.1, precision: 0.5, recall: 0.25, ...changes };
}
