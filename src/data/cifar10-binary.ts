import { UserError } from '../errors.ts';
import {
  type Cifar10Batch,
  type Cifar10Part,
  checkLabel,
  cifar10Pixels,
  joinBatches,
} from './cifar10-batch.ts';
import { cifar100Classes } from './cifar100-classes.ts';
import type { Examples } from './examples.ts';

/**
 * Decodes CIFAR-10's binary layout: records of a label byte and 3072 pixel bytes, the red plane,
 * then green, then blue, each row-major. Several files are joined in order. Names are for errors.
 *
 * @throws UserError for a file that is no whole number of records and for a label above 9.
 */
export function decodeCifar10(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(parts.map((part) => decodeRecords(part, ten)));
}

/**
 * Decodes CIFAR-100, which has two label bytes: the superclass, which is left out, then the class.
 * Classes have their published names.
 */
export function decodeCifar100(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(
    parts.map((part) => decodeRecords(part, hundred)),
    cifar100Classes,
  );
}

/**
 * Bytes before the pixels of a record, of which the last is the class, and how many classes there
 * are.
 */
interface Layout {
  readonly title: string;
  readonly labels: number;
  readonly classes: number;
}

const ten: Layout = { title: 'CIFAR-10', labels: 1, classes: 10 };
const hundred: Layout = { title: 'CIFAR-100', labels: 2, classes: 100 };

function decodeRecords({ name, data }: Cifar10Part, layout: Layout): Cifar10Batch {
  const { title, labels: before, classes } = layout;
  const recordSize = before + cifar10Pixels;
  if (data.length === 0 || data.length % recordSize !== 0) {
    throw new UserError(
      `${name}: size is ${data.length} bytes, not a whole number of ${recordSize}-byte ${title} records; get the file again, in the binary version.`,
      { code: 'unreadable', facts: { path: name, bytes: data.length, record: recordSize } },
    );
  }
  const count = data.length / recordSize;
  const labels = new Uint8Array(count);
  const images = new Uint8Array(count * cifar10Pixels);
  for (let i = 0; i < count; i++) {
    const start = i * recordSize;
    const hint = `is it ${title}'s binary version?`;
    labels[i] = checkLabel(data[start + before - 1], i, name, hint, classes);
    images.set(data.subarray(start + before, start + recordSize), i * cifar10Pixels);
  }
  return { labels, images };
}
