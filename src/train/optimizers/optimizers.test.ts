import { expect, test } from 'vitest';
import { compile, input } from '../../graph/index.ts';
import { fillNormal, randomKey } from '../../random.ts';
import { adagrad, adam, type Optimizer } from './index.ts';

const SIZE = 17;
const STEPS = 6;
const rate = (step: number) => 0.1 / step;

function normal(counter: number): Float32Array {
  const out = new Float32Array(SIZE);
  fillNormal(randomKey(5), counter, out);
  return out;
}

/** Runs an optimizer's graph on fixed gradients. */
async function run(optimizer: Optimizer): Promise<Float32Array> {
  const vector = (name: string) => input(name, [SIZE]);
  const [parameters, gradient] = [vector('parameters'), vector('gradient')];
  const [learningRate, step] = [input('learningRate', []), input('step', [])];
  const slots = optimizer.slots.map(vector);
  const next = optimizer.update({ parameters, gradient, slots, learningRate, step });
  const program = await compile({
    inputs: { gradient, learningRate, step },
    outputs: {},
    state: {
      parameters: { value: parameters, next: next.parameters, initial: normal(0) },
      ...Object.fromEntries(
        optimizer.slots.map((name, i) => [name, { value: slots[i]!, next: next.slots[i]! }]),
      ),
    },
    device: 'cpu',
  });
  for (let k = 1; k <= STEPS; k++) {
    await program({
      gradient: normal(k),
      learningRate: Float32Array.of(rate(k)),
      step: Float32Array.of(k),
    });
  }
  return (await program.state.read('parameters')) as Float32Array;
}

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
}

test.each([0, 0.3])(
  'Adam is algorithm 1 of its paper, with decoupled weight decay %f',
  async (decay) => {
    const p = Array.from(normal(0));
    const [m, v] = [new Array(SIZE).fill(0), new Array(SIZE).fill(0)];
    for (let t = 1; t <= STEPS; t++) {
      const g = normal(t);
      for (let i = 0; i < SIZE; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i]!;
        v[i] = 0.999 * v[i] + 0.001 * g[i]! ** 2;
        const step = m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
        p[i] = p[i]! - rate(t) * (step + decay * p[i]!);
      }
    }
    expectClose(await run(adam({ weightDecay: decay })), p);
  },
);

test('Adagrad divides by the root of all squares so far', async () => {
  const p = Array.from(normal(0));
  const square = new Array(SIZE).fill(0);
  for (let t = 1; t <= STEPS; t++) {
    const g = normal(t);
    for (let i = 0; i < SIZE; i++) {
      square[i] += g[i]! ** 2;
      p[i] = p[i]! - (rate(t) * g[i]!) / (Math.sqrt(square[i]) + 1e-10);
    }
  }
  expectClose(await run(adagrad()), p);
});
