import { UserError } from '../errors.ts';
import {
  type Cifar10Batch,
  type Cifar10Part,
  checkLabel,
  cifar10Pixels,
  joinBatches,
} from './cifar10-batch.ts';
import type { Examples } from './examples.ts';
import { isPickledArray, type PickledArray, readPickle } from './pickle.ts';

/**
 * Decodes CIFAR-10's Python layout: pickled dictionaries with `data`, a uint8 array `[count, 3072]` (the
 * red plane, then green, then blue, each row-major), and `labels`, a list. Several files are joined in
 * order. Names are for errors.
 * Throws `UserError` for a pickle that holds anything else (see `readPickle`) and for a label above 9.
 */
export function decodeCifar10Pickle(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(parts.map(decodeBatch));
}

function decodeBatch({ name, data: bytes }: Cifar10Part): Cifar10Batch {
  const batch = readPickle(bytes, name);
  const data = batch instanceof Map ? batch.get('data') : undefined;
  const labels = batch instanceof Map ? batch.get('labels') : undefined;
  if (!isPickledArray(data) || !Array.isArray(labels)) {
    const missing = isPickledArray(data) ? 'list "labels"' : 'array "data"';
    throw new UserError(`${name}: has no ${missing}; give a batch of CIFAR-10's Python version.`);
  }
  const [count, pixels, ...rest] = data.shape;
  if (count !== labels.length || count === 0 || pixels !== cifar10Pixels || rest.length > 0) {
    throw new UserError(
      `${name}: data has shape (${data.shape.join(', ')}), (${labels.length}, ${cifar10Pixels}) expected for its labels; get the file again.`,
    );
  }
  const hint = "is it CIFAR-10's Python version?";
  return {
    labels: Uint8Array.from(labels, (label, i) => checkLabel(label, i, name, hint)),
    images: rowMajor(data, count),
  };
}

function rowMajor({ data, columnMajor }: PickledArray, count: number): Uint8Array {
  if (!columnMajor) return data;
  return Uint8Array.from(data, (_, i) => {
    const [row, column] = [Math.floor(i / cifar10Pixels), i % cifar10Pixels];
    return data[column * count + row] as number;
  });
}
