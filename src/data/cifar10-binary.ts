import { UserError } from '../errors.ts';
import {
  type Cifar10Batch,
  type Cifar10Part,
  checkLabel,
  cifar10Pixels,
  joinBatches,
} from './cifar10-batch.ts';
import type { Examples } from './examples.ts';

const recordSize = 1 + cifar10Pixels;

/**
 * Decodes CIFAR-10's binary layout: records of a label byte and 3072 pixel bytes, the red plane, then
 * green, then blue, each row-major. Several files are joined in order. Names are for errors.
 * Throws `UserError` for a file that is no whole number of records and for a label above 9.
 */
export function decodeCifar10(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(parts.map(decodeRecords));
}

function decodeRecords({ name, data }: Cifar10Part): Cifar10Batch {
  if (data.length === 0 || data.length % recordSize !== 0) {
    throw new UserError(
      `${name}: size is ${data.length} bytes, not a whole number of ${recordSize}-byte CIFAR-10 records; get the file again, in the binary version.`,
    );
  }
  const count = data.length / recordSize;
  const labels = new Uint8Array(count);
  const images = new Uint8Array(count * cifar10Pixels);
  for (let i = 0; i < count; i++) {
    const start = i * recordSize;
    labels[i] = checkLabel(data[start], i, name, "is it CIFAR-10's binary version?");
    images.set(data.subarray(start + 1, start + recordSize), i * cifar10Pixels);
  }
  return { labels, images };
}
