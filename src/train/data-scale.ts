import { allocate, type Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { sizeOf } from '../graph/index.ts';
import type { DataScale } from '../model/index.ts';

/**
 * Measures the mean of each entry of the first axis, and root mean square about it, as a network
 * sees the data: bytes in [0, 1]. Every example is read once.
 *
 * @throws UserError for data that are all the same.
 */
export function measureDataScale({
  name,
  count,
  shape,
  dtype,
  read,
}: Pick<Dataset, 'name' | 'count' | 'shape' | 'dtype' | 'read'>): DataScale {
  const channels = shape[0]!;
  const size = sizeOf(shape);
  const each = size / channels;
  const unit = dtype === 'uint8' ? 255 : 1;
  const example = allocate(dtype, size);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < count; i++) {
    read(i, example, 0);
    for (let channel = 0, at = 0; channel < channels; channel++) {
      for (let j = 0; j < each; j++, at++) {
        const value = example[at]! / unit;
        sums[channel]! += value;
        squares[channel]! += value * value;
      }
    }
  }
  const mean = Array.from(sums, (sum) => sum / (count * each));
  const variances = mean.map((mu, channel) => squares[channel]! / (count * each) - mu * mu);
  const deviation = Math.sqrt(variances.reduce((sum, value) => sum + value, 0) / channels);
  // Differences that rounding makes are none.
  const largest = Math.max(...mean.map(Math.abs));
  if (deviation > 1e-6 * largest) return { mean, deviation };
  throw new UserError(`${name}: all its examples are the same; give data to learn from`, {
    facts: { data: name },
  });
}
