import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reshape, type Shape, sizeOf } from '../graph/index.ts';
import { computed, fed } from '../graph/testing.ts';
import { createLayout, kept, keptShape, ordinary } from './layout.ts';

/** From this size on, a parameter is a segment of its own. */
const LARGE = 1 << 17;

const specsOf = (shapes: readonly Shape[]) =>
  shapes.map((shape, i) => ({ name: `p${i}`, shape, initialize: 0 }));

/** 0, 1, 2 …: every element is known by its place. */
const ramp = (length: number) => Float32Array.from({ length }, (_, i) => i);

const small = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 });
const large: fc.Arbitrary<readonly number[]> = fc.constantFrom(
  [LARGE],
  [LARGE - 1],
  [LARGE + 1],
  [LARGE / 2],
  [LARGE / 2 - 1],
  [512, 256],
  [128, 113, 3, 3],
  [128, 114, 3, 3],
  [256, 512, 1, 1],
);
const shapes = fc.array(
  fc.oneof({ weight: 4, arbitrary: small }, { weight: 1, arbitrary: large }),
  {
    maxLength: 12,
  },
);

describe('createLayout', () => {
  test('split and join are inverse; every parameter is in one segment', () => {
    fc.assert(
      fc.property(shapes, (drawn) => {
        const specs = specsOf(drawn);
        const layout = createLayout(specs);
        const vector = ramp(specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
        const parts = layout.split(vector);
        expect(parts.map(({ length }) => length)).toEqual(layout.segments.map(({ size }) => size));
        expect(Buffer.from(layout.join(parts).buffer).equals(Buffer.from(vector.buffer))).toBe(
          true,
        );

        const places = layout.segments.flatMap((segment) => segment.specs);
        expect(places.map(({ name }) => name).sort()).toEqual(specs.map(({ name }) => name).sort());
        for (const segment of layout.segments) {
          const sizes = segment.specs.map(({ shape }) => sizeOf(shape));
          expect(segment.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
          // Large ones are alone, and small ones do not grow much past that together.
          if (sizes.some((size) => size >= LARGE)) expect(sizes).toHaveLength(1);
          expect(segment.size - sizes.at(-1)!).toBeLessThan(LARGE);
        }
      }),
      { seed: 91, numRuns: 60 },
    );
  });

  test('keeps the order of small parameters; large ones go between', () => {
    const specs = specsOf([[2], [LARGE], [3], [LARGE - 2], [5]]);
    const segments = createLayout(specs).segments.map((segment) =>
      segment.specs.map((s) => s.name),
    );
    expect(segments).toEqual([['p1'], ['p0', 'p2', 'p3'], ['p4']]);
  });

  test('a network without parameters has no segments', () => {
    const layout = createLayout([]);
    expect(layout.segments).toEqual([]);
    expect(layout.join(layout.split(new Float32Array(0)))).toEqual(new Float32Array(0));
  });
});

describe('weights of convolutions are kept as [O, kh, kw, I]', () => {
  const [o, i, kh, kw] = [2, 3, 4, 5] as const;
  const shape = [o, i, kh, kw];
  const values = ramp(sizeOf(shape));
  /** By the definition: for each kept place, in order, the ordinary one. */
  const permuted: number[] = [];
  for (let out = 0; out < o; out++)
    for (let a = 0; a < kh; a++)
      for (let b = 0; b < kw; b++)
        for (let into = 0; into < i; into++) {
          permuted.push(((out * i + into) * kh + a) * kw + b);
        }

  test('in segments, others as they are', () => {
    const layout = createLayout(specsOf([[3], shape, [2, 2]]));
    const vector = new Float32Array([7, 8, 9, ...values, 1, 2, 3, 4]);
    expect([...layout.split(vector)[0]!]).toEqual([7, 8, 9, ...permuted, 1, 2, 3, 4]);
    expect(keptShape(shape)).toEqual([o, kh, kw, i]);
    expect([[3], [2, 2], []].map(keptShape)).toEqual([[3], [2, 2], []]);
  });

  test('in the graph', async () => {
    const weight = fed(shape, values);
    expect(kept(weight).shape).toEqual([o, kh, kw, i]);
    expect(await computed(kept(weight))).toEqual(permuted);
    const stored = fed([o * kh * kw * i], permuted);
    const back = ordinary(reshape(stored, keptShape(shape)));
    expect(back.shape).toEqual(shape);
    expect(await computed(back)).toEqual([...values]);
    const matrix = fed([2, 2], [1, 2, 3, 4]);
    expect([kept(matrix), ordinary(matrix)]).toEqual([matrix, matrix]);
  });
});
