import { expect, test } from 'vitest';
import { datasetOf } from '../data/index.ts';
import { reshape } from '../graph/index.ts';
import { gaussian } from '../model/index.ts';
import { linear, type Network } from '../nn/index.ts';
import { train } from './train.ts';

const points = datasetOf(
  Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)),
  [2],
);

test('a network that changes the shape is named, with both shapes', async () => {
  const wide: Network = (scope, x) => linear(scope, x, 3);
  const options = { network: wide, noise: gaussian({ sigma: 1 }), steps: 1 };
  await expect(train(points, options)).rejects.toMatchObject({
    code: 'shape',
    facts: { option: 'network', name: 'wide', shape: [1, 3], wanted: [1, 2] },
  });
});

test('a network whose parts do not fit says at which operation', async () => {
  const torn: Network = (_scope, x) => reshape(x, [x.shape[0]!, 5]);
  const options = { network: torn, noise: gaussian({ sigma: 1 }), steps: 1 };
  await expect(train(points, options)).rejects.toMatchObject({
    code: 'shape',
    facts: { op: 'reshape' },
  });
});
