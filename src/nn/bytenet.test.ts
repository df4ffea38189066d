import { expect, test } from 'vitest';
import { add, reshape, silu } from '../graph/index.ts';
import { createDraw, evaluate, expectClose, normalInput } from '../graph/testing.ts';
import { type ByteNetConfig, bytenet } from './bytenet.ts';
import { conv1d } from './conv1d.ts';
import { norm } from './group-norm.ts';
import { networkSchema } from './networks.ts';
import { bindParameters, listParameters } from './scope.ts';
import { buildWith } from './testing.ts';

const config: ByteNetConfig = {
  type: 'bytenet',
  channels: 8,
  hidden: 4,
  kernel: 3,
  groups: 2,
  layers: 4,
  maxDilation: 4,
};

test('is its layers one after another, dilated 1, 2, 4, 1', async () => {
  const x = normalInput(createDraw(3), [2, 5, 11]);
  const { y, parameters } = buildWith(bytenet(config), x, 'random');
  const scope = bindParameters(parameters);
  let h = conv1d(scope.at('in'), reshape(x, [2, 5, 1, 11]), 8);
  h = add(h, reshape(parameters.position!, [1, 8, 1, 11]));
  [1, 2, 4, 1].forEach((dilation, i) => {
    const at = (name: string) => scope.at('blocks').at(i).at(name);
    const act = (name: string, z: typeof h) => silu(norm(at(name).at('norm'), z, { groups: 2 }));
    const narrow = conv1d(at('narrow').at('conv'), act('narrow', h), 4);
    const options = { kernel: 3, dilation };
    const mixed = conv1d(at('dilated').at('conv'), act('dilated', narrow), 4, options);
    h = add(h, conv1d(at('wide').at('conv'), act('wide', mixed), 8));
  });
  const last = silu(norm(scope.at('out').at('norm'), h, { groups: 2 }));
  const expected = reshape(conv1d(scope.at('out').at('conv'), last, 5), [2, 5, 11]);
  const found = await evaluate({ y, expected });
  expectClose(found.y, found.expected, 1e-5);
});

test('takes sequences alone', () => {
  expect(() => listParameters(bytenet(config), [1, 8, 8])).toThrow(
    'bytenet: takes sequences [N, letters, length]; give it such data (given x [1, 1, 8, 8])',
  );
  expect(() => listParameters(bytenet({ ...config, groups: 3 }), [5, 8])).toThrow('3 groups');
});

test('a kernel is odd', () => {
  expect(networkSchema.safeParse(config).success).toBe(true);
  expect(networkSchema.safeParse({ ...config, kernel: 4 }).error?.issues[0]).toMatchObject({
    path: ['kernel'],
    message: 'must be odd',
  });
});
