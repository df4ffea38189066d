import { expect, test } from 'vitest';
import { mapInto } from './map-into.ts';

test('maps numbers of one kind into those of another', () => {
  expect(mapInto(new Float32Array(3), Uint8Array.of(0, 51, 255), (byte) => byte / 255)).toEqual(
    Float32Array.of(0, 0.2, 1),
  );
  const big = BigInt64Array.of(-1n, 2n ** 53n);
  expect(mapInto(new Float64Array(2), big, Number)).toEqual(Float64Array.of(-1, 2 ** 53));
});
