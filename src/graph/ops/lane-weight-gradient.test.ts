import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEmitter } from '../emitter.ts';
import { probeChannelBlock } from '../runtime.ts';
import { apply, type Op, type Tensor } from '../tensor.ts';
import { createDraw, evaluate, expectClose, normalInput, valuesOf } from '../testing.ts';
import { chooseLanes, weightGradientByLanes } from './lane-weight-gradient.ts';
import { type Sizes, sizesOf, sumProducts } from './testing.ts';
import { type ConvSizes, weightGradientByShifts } from './weight-gradient.ts';

const block = await probeChannelBlock();

type Lanes = NonNullable<ReturnType<typeof chooseLanes>>;

/** The weight gradient by lanes, or by shifts where none are given. */
const weightGradient: Op<{ readonly sizes: ConvSizes; readonly lanes?: Lanes }> = {
  name: 'weightGradient',
  infer: (_, { sizes: { o, c, kh, kw } }) => ({ shape: [o, c, kh, kw], dtype: 'float32' }),
  lower: (emitter, [x, y], { attributes: { sizes, lanes } }) => {
    const operands = { x: x!, y: y!, sizes };
    return lanes
      ? weightGradientByLanes(emitter, operands, lanes)
      : weightGradientByShifts(emitter, operands);
  },
};

interface Case {
  readonly n: number;
  /** Blocks of channels. */
  readonly c: number;
  readonly o: number;
  readonly kernel: readonly [number, number];
  readonly padding: number;
  /** Of y. */
  readonly size: readonly [number, number];
}

/** A case as the loops take it and as the op takes it. */
function convOf({ n, c, o, kernel, padding, size }: Case, channelBlock: number) {
  const [h, w] = size.map((length, i) => length + kernel[i]! - 1 - 2 * padding) as [number, number];
  const [channels, outputs] = [c * channelBlock, o * channelBlock];
  const [kh, kw] = kernel;
  const [outH, outW] = size;
  const loops = sizesOf([n, channels, h, w], [outputs, channels, kh, kw], 1, padding);
  const rest = { kh, kw, outH, outW, stride: 1, padding: [padding, padding] } as const;
  const sizes: ConvSizes = { n, c: channels, o: outputs, h, w, ...rest };
  return { loops, sizes };
}

const lanesOf = (sizes: ConvSizes, channelBlock = block) =>
  chooseLanes(createEmitter('cpu', channelBlock), sizes);

/** Every split of a convolution that is in whole blocks. */
function everySplit({ n, outH }: ConvSizes): Lanes[] {
  const divisors = (of: number) =>
    [...Array(of).keys()].map((i) => i + 1).filter((i) => of % i === 0);
  return divisors(outH)
    .filter((parts) => (n * parts) % block === 0)
    .flatMap((parts) => divisors((n * parts) / block).map((groups) => ({ parts, groups })));
}

/** By each of some splits, by shifts and by loops. */
async function expectEqual(
  { loops, sizes }: { readonly loops: Sizes; readonly sizes: ConvSizes },
  splits: readonly Lanes[],
): Promise<void> {
  const draw = createDraw(41);
  const [x, y] = [normalInput(draw, loops.x), normalInput(draw, loops.y)];
  const outputs: Record<string, Tensor> = { shifts: apply(weightGradient, [x, y], { sizes }) };
  for (const lanes of splits) {
    outputs[`${lanes.parts} parts, ${lanes.groups} groups`] = apply(weightGradient, [x, y], {
      sizes,
      lanes,
    });
  }
  const { shifts, ...byLanes } = await evaluate(outputs);
  const expected = sumProducts(loops, 'w', valuesOf(x), valuesOf(y));
  expectClose(shifts!, expected);
  expect(Object.keys(byLanes)).toHaveLength(splits.length);
  for (const values of Object.values(byLanes)) expectClose(values, expected);
}

// Heights of y are multiples of 16, so that batch × parts can be whole blocks of 8 and of 16.
const cases: readonly Case[] = [
  { n: 1, c: 1, o: 1, kernel: [3, 3], padding: 1, size: [16, 5] },
  { n: 2, c: 1, o: 2, kernel: [3, 3], padding: 0, size: [16, 6] },
  { n: 3, c: 2, o: 1, kernel: [3, 3], padding: 2, size: [16, 3] },
  { n: 8, c: 1, o: 1, kernel: [5, 5], padding: 2, size: [4, 7] },
  { n: 16, c: 1, o: 1, kernel: [3, 3], padding: 1, size: [3, 4] },
  { n: 16, c: 1, o: 2, kernel: [1, 1], padding: 0, size: [5, 3] },
  { n: 16, c: 1, o: 1, kernel: [1, 1], padding: 1, size: [5, 4] },
  { n: 1, c: 1, o: 1, kernel: [2, 4], padding: 1, size: [32, 5] },
  { n: 2, c: 1, o: 1, kernel: [4, 2], padding: 2, size: [8, 6] },
];

describe.skipIf(block === 0)('the weight gradient by lanes is that by shifts and by loops', () => {
  test.each(cases)(
    'batch $n, $c to $o blocks, kernel $kernel, padding $padding, result $size',
    async (given) => {
      const conv = convOf(given, block);
      expect(lanesOf(conv.sizes)).toBeDefined();
      await expectEqual(conv, everySplit(conv.sizes));
    },
  );

  test('with the lanes chosen, also where they are many groups', async () => {
    // 1 MiB of kernel for a group holds a half of this one's.
    const conv = convOf({ n: 16, c: 1, o: 4, kernel: [3, 3], padding: 1, size: [32, 16] }, block);
    const lanes = lanesOf(conv.sizes)!;
    expect(lanes.parts).toBeGreaterThan(1);
    expect(lanes.groups).toBeGreaterThan(1);
    await expectEqual(conv, [lanes]);
  });
});

describe('chooseLanes', () => {
  const sizes = { n: 4, c: 32, o: 32, h: 16, w: 16, outH: 16, outW: 16, kh: 3, kw: 3 };
  const conv: ConvSizes = { ...sizes, stride: 1, padding: [1, 1] };

  test.each([
    ['there are no blocks', conv, 0],
    ['channels in are no whole blocks', { ...conv, c: 24 }, 16],
    ['channels out are no whole blocks', { ...conv, o: 40 }, 16],
    ['no split of the height makes whole blocks of lanes', { ...conv, n: 3, outH: 12 }, 16],
    ['the height is odd', { ...conv, n: 4, outH: 15 }, 8],
  ])('has nothing where %s', (_, given, channelBlock) => {
    expect(lanesOf(given, channelBlock)).toBeUndefined();
  });

  test('parts are as few as keep a lane at 200 positions', () => {
    // 16 lanes need 4 parts, of 64 positions each; 64 images need none but the size does.
    expect(lanesOf(conv, 16)).toMatchObject({ parts: 4 });
    expect(lanesOf({ ...conv, n: 64 }, 16)).toMatchObject({ parts: 2 });
    expect(lanesOf({ ...conv, n: 64, outW: 12 }, 16)).toMatchObject({ parts: 1 });
    // Rows longer than that: as many parts as there can be.
    expect(lanesOf({ ...conv, n: 64, outW: 500 }, 16)).toMatchObject({ parts: 16 });
  });

  test('every split is in whole blocks', () => {
    const size = fc.integer({ min: 1, max: 40 });
    const channels = fc.integer({ min: 1, max: 8 });
    const drawn = fc.record({ n: size, c: channels, o: channels, outH: size, outW: size });
    const kernel = fc.constantFrom(1, 2, 3, 5);
    const blocks = fc.constantFrom(8, 16);
    fc.assert(
      fc.property(drawn, kernel, blocks, ({ c, o, ...rest }, kh, channelBlock) => {
        const given = { ...conv, ...rest, kh, kw: kh, c: c * channelBlock, o: o * channelBlock };
        const possible = [...Array(given.outH).keys()].some(
          (i) => given.outH % (i + 1) === 0 && (given.n * (i + 1)) % channelBlock === 0,
        );
        const lanes = lanesOf(given, channelBlock);
        expect(lanes !== undefined).toBe(possible);
        if (!lanes) return;
        expect(given.outH % lanes.parts).toBe(0);
        expect((given.n * lanes.parts) % (lanes.groups * channelBlock)).toBe(0);
      }),
      { seed: 42, numRuns: 300 },
    );
  });
});
