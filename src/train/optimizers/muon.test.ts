import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { compile, input } from '../../graph/index.ts';
import { computed, createDraw, fed } from '../../graph/testing.ts';
import { muon, type Optimizer } from './index.ts';
import { orthogonalize, QUINTIC, ROUNDS } from './orthogonalize.ts';

/** Rows of numbers as matrices [m, n] of double precision. */
function matricesOf(values: ArrayLike<number>, [k, m, n]: readonly [number, number, number]) {
  return Array.from({ length: k }, (_, i) =>
    Matrix.from1DArray(m, n, Array.from(values).slice(i * m * n, (i + 1) * m * n)),
  );
}

/** What the iteration makes of a singular value of a matrix of norm 1, in double precision. */
function iterated(value: number): number {
  const [a, b, c] = QUINTIC;
  let s = value;
  for (let round = 0; round < ROUNDS; round++) s = a * s + b * s ** 3 + c * s ** 5;
  return s;
}

/** The orthogonalization by singular values: U p(S/‖X‖) Vᵀ. */
function bySingularValues(x: Matrix): Matrix {
  const norm = x.norm('frobenius');
  const svd = new SingularValueDecomposition(x, { autoTranspose: true });
  const values = Matrix.diag(svd.diagonal.map((s) => iterated(s / norm)));
  return svd.leftSingularVectors.mmul(values).mmul(svd.rightSingularVectors.transpose());
}

describe('orthogonalize', () => {
  test.each([
    [3, 6, 11],
    [2, 12, 5],
    [1, 8, 8],
    [2, 1, 4],
  ] as const)('is the iteration on the singular values of %i matrices %i×%i', async (k, m, n) => {
    const values = createDraw(m).normal(k * m * n);
    const made = matricesOf(await computed(orthogonalize(fed([k, m, n], values))), [k, m, n]);
    matricesOf(values, [k, m, n]).forEach((x, i) => {
      expect(Matrix.sub(made[i]!, bySingularValues(x)).max()).toBeLessThan(2e-5);
      expect(Matrix.sub(made[i]!, bySingularValues(x)).min()).toBeGreaterThan(-2e-5);
      // Random matrices have no singular value that is tiny beside the norm.
      const { diagonal } = new SingularValueDecomposition(made[i]!, { autoTranspose: true });
      for (const s of diagonal) expect(s).toSatisfy((s: number) => s > 0.6 && s < 1.25);
    });
  });

  test('leaves zero as it is, whatever stands beside it', async () => {
    const made = await computed(
      orthogonalize(fed([2, 2, 3], [...new Array(6).fill(0), 1, 2, 3, 4, 5, 7])),
    );
    expect(made.slice(0, 6)).toEqual(new Array(6).fill(0));
    expect(made.every(Number.isFinite)).toBe(true);
  });

  test('knows no scale', async () => {
    const values = createDraw(2).normal(24);
    const at = (scale: number) =>
      computed(
        orthogonalize(
          fed(
            [1, 4, 6],
            values.map((value) => scale * value),
          ),
        ),
      );
    const [small, large] = [await at(1e-3), await at(1e3)];
    small.forEach((value, i) => {
      expect(value).toBeCloseTo(large[i]!, 3);
    });
  });
});

const STEPS = 5;
const rate = (step: number) => 0.1 / step;

/** Runs the update on fixed gradients, as matrices or as a vector. */
async function run(optimizer: Optimizer, size: number, matrices?: readonly number[]) {
  const draw = createDraw(9);
  const vector = (name: string) => input(name, [size]);
  const [parameters, gradient] = [vector('parameters'), vector('gradient')];
  const [learningRate, step] = [input('learningRate', []), input('step', [])];
  const names = matrices ? optimizer.matrixSlots! : optimizer.slots;
  const slots = names.map(vector);
  const next = optimizer.update({ parameters, gradient, slots, learningRate, step, matrices });
  const start = draw.normal(size);
  const program = await compile({
    inputs: { gradient, learningRate, step },
    outputs: {},
    state: {
      parameters: { value: parameters, next: next.parameters, initial: start },
      ...Object.fromEntries(
        names.map((name, i) => [name, { value: slots[i]!, next: next.slots[i]! }]),
      ),
    },
    device: 'cpu',
  });
  const gradients = Array.from({ length: STEPS }, () => draw.normal(size));
  for (const [i, values] of gradients.entries()) {
    const scalars = { learningRate: Float32Array.of(rate(i + 1)), step: Float32Array.of(i + 1) };
    await program({ gradient: values, ...scalars });
  }
  const end = (await program.state.read('parameters')) as Float32Array;
  await program.release();
  return { start, gradients, end };
}

test.each([
  { shape: [2, 5, 9], weightDecay: 0 },
  { shape: [3, 8, 4], weightDecay: 0.3 },
] as const)(
  'Muon moves matrices $shape along U Vᵀ of their momentum: $weightDecay',
  async ({ shape, weightDecay }) => {
    const [k, m, n] = shape;
    const { start, gradients, end } = await run(muon({ weightDecay }), k * m * n, shape);
    const expected = matricesOf(start, shape);
    const momenta = expected.map(() => Matrix.zeros(m, n));
    gradients.forEach((values, at) => {
      matricesOf(values, shape).forEach((g, i) => {
        // Nesterov: the gradient counts once more.
        momenta[i] = Matrix.add(momenta[i]!.mul(0.95), Matrix.mul(g, 0.05));
        const ahead = Matrix.add(Matrix.mul(momenta[i]!, 0.95), Matrix.mul(g, 0.05));
        const move = bySingularValues(ahead).mul(0.2 * Math.sqrt(Math.max(m, n)));
        expected[i] = expected[i]!.mul(1 - rate(at + 1) * weightDecay).sub(move.mul(rate(at + 1)));
      });
    });
    expected
      .flatMap((matrix) => matrix.to1DArray())
      .forEach((value, i) => {
        expect(end[i]).toBeCloseTo(value, 4);
      });
  },
);

test('Muon moves all else as AdamW does, with its second decay at 0.95', async () => {
  const { start, gradients, end } = await run(muon({ weightDecay: 0.1 }), 7);
  start.forEach((first, i) => {
    let [p, mean, square] = [first, 0, 0];
    gradients.forEach((values, at) => {
      const [g, t] = [values[i]!, at + 1];
      mean = 0.9 * mean + 0.1 * g;
      square = 0.95 * square + 0.05 * g * g;
      const move = mean / (1 - 0.9 ** t) / (Math.sqrt(square / (1 - 0.95 ** t)) + 1e-8);
      p -= rate(t) * (move + 0.1 * p);
    });
    expect(end[i]).toBeCloseTo(p, 5);
  });
});
