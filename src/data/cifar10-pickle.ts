import { UserError } from '../errors.ts';
import { mapInto } from '../map-into.ts';
import {
  type Cifar10Batch,
  type Cifar10Part,
  checkLabel,
  cifar10Pixels,
  joinBatches,
} from './cifar10-batch.ts';
import { cifar100Classes } from './cifar100-classes.ts';
import type { Examples } from './examples.ts';
import { isPickledArray, type PickledArray, readPickle } from './pickle.ts';

/**
 * Decodes CIFAR-10's Python layout: pickled dictionaries with `data`, a uint8 array `[count, 3072]`
 * (the red plane, then green, then blue, each row-major), and `labels`, a list. Several files are
 * joined in order. Names are for errors.
 *
 * @throws UserError for a pickle that holds anything else (see `readPickle`) and for a label above
 *   9.
 */
export function decodeCifar10Pickle(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(parts.map((part) => decodeBatch(part, 'labels', 10)));
}

/** Decodes a pickle of CIFAR-100, whose classes are `fine_labels`; superclasses are left out. */
export function decodeCifar100Pickle(parts: readonly Cifar10Part[]): Examples {
  return joinBatches(
    parts.map((part) => decodeBatch(part, 'fine_labels', 100)),
    cifar100Classes,
  );
}

function decodeBatch(
  { name, data: bytes }: Cifar10Part,
  key: 'labels' | 'fine_labels',
  classes: number,
): Cifar10Batch {
  const title = `CIFAR-${classes}'s Python version`;
  const batch = readPickle(bytes, name);
  const data = batch instanceof Map ? batch.get('data') : undefined;
  const labels = batch instanceof Map ? batch.get(key) : undefined;
  const facts = { path: name };
  if (!isPickledArray(data) || !Array.isArray(labels)) {
    const missing = isPickledArray(data) ? `list "${key}"` : 'array "data"';
    throw new UserError(`${name}: has no ${missing}; give a batch of ${title}.`, {
      code: 'unreadable',
      facts,
    });
  }
  const [count, pixels, ...rest] = data.shape;
  if (count !== labels.length || count === 0 || pixels !== cifar10Pixels || rest.length > 0) {
    const shape = data.shape.slice(0, 8).join(', ');
    throw new UserError(
      `${name}: data has shape (${shape}), (${labels.length}, ${cifar10Pixels}) expected for its labels; get the file again.`,
      { code: 'unreadable', facts },
    );
  }
  const hint = `is it ${title}?`;
  return {
    labels: Uint8Array.from(labels, (label, i) => checkLabel(label, i, name, hint, classes)),
    images: rowMajor(data, count),
  };
}

function rowMajor({ data, columnMajor }: PickledArray, count: number): Uint8Array {
  if (!columnMajor) return data;
  return mapInto(new Uint8Array(data.length), data, (_, i) => {
    const [row, column] = [Math.floor(i / cifar10Pixels), i % cifar10Pixels];
    return data[column * count + row] as number;
  });
}
