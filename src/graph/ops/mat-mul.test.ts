/** Products in double precision; those in single precision stand with the gradients of all ops. */
import { expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { constant, input } from '../tensor.ts';
import { matMul } from './mat-mul.ts';
import { slice } from './slice.ts';

const flags = [false, true];

test.each(flags.flatMap((a) => flags.map((b) => [a, b] as const)))(
  'float64 keeps digits that float32 does not have: transposed %s, %s',
  async (transposeA, transposeB) => {
    const a = input('a', transposeA ? [3, 2] : [2, 3], 'float64');
    const b = constant(
      Float64Array.of(1, 0, 0, 1, 1, 1).map((x) => x * (1 + 2 ** -40)),
      transposeB ? [2, 3] : [3, 2],
    );
    const y = matMul(a, b, { transposeA, transposeB });
    const program = await compile({ inputs: { a }, outputs: { y }, device: 'cpu' });
    const values = Float64Array.of(1, 2, 3, 4, 5, 6);
    const at = (m: number[], rows: number, columns: number, turned: boolean) =>
      Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => m[turned ? j * rows + i : i * columns + j]!),
      );
    const [left, right] = [
      at([...values], 2, 3, transposeA),
      at([1, 0, 0, 1, 1, 1], 3, 2, transposeB),
    ];
    const expected = left.flatMap((row) =>
      [0, 1].map((j) => row.reduce((sum, x, k) => sum + x * right[k]![j]!, 0) * (1 + 2 ** -40)),
    );
    const made = (await program({ a: values })).y;
    await program.release();
    expect(y.dtype).toBe('float64');
    expect(made).toBeInstanceOf(Float64Array);
    expected.forEach((value, i) => {
      expect(Math.abs((made[i] as number) / value - 1)).toBeLessThan(1e-15);
    });
  },
);

test('float64 is sliced, and not mixed with float32', async () => {
  const a = input('a', [2, 2], 'float64');
  const y = slice(a, [0, 1], [2, 2]);
  const program = await compile({ inputs: { a }, outputs: { y }, device: 'cpu' });
  expect(await program({ a: Float64Array.of(1, 2, 3, 4) })).toEqual({ y: Float64Array.of(2, 4) });
  await expect(program({ a: new Float32Array(4) })).rejects.toThrow(/takes Float64Array/);
  await program.release();
  expect(() => matMul(a, input('b', [2, 2]))).toThrow(/float64 and float32; cast one/);
});
