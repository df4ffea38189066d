import { expect, test } from 'vitest';
import { decodeLink } from '../../link.ts';
import { schema } from './schema.ts';
import { commandOf, settingsOf } from './walking.ts';

test('the command says what differs from its defaults', () => {
  const plain = decodeLink(schema, 'sigma=0.8').state;
  expect(commandOf('rings', plain)).toBe('mdensity walk --density rings --sigma 0.8 --out walk/');
  const { state } = decodeLink(
    schema,
    'sigma=0.8&M=4&kernel=mala&walk=mean&step=1&friction=2&mass=3&chains=2&burn=0&every=1&seed=9',
  );
  expect(commandOf('rings', state)).toBe(
    'mdensity walk --density rings --sigma 0.8 --measurements 4 --kernel mala --step-size 1 --friction 2 --inverse-mass 3 --walk mean --chains 2 --thin 1 --burn-in 0 --seed 9 --out walk/',
  );
  expect(settingsOf(state)).toEqual({
    sigma: 0.8,
    measurements: 4,
    kernel: 'mala',
    stepSize: 1,
    friction: 2,
    inverseMass: 3,
    walk: 'mean',
    jumpEvery: 1,
    chains: 2,
    seed: 9,
  });
});

test('one at a time begins with numbers of its own, and has no burn-in', () => {
  const { state } = decodeLink(schema, 'sigma=0.8&M=4&walk=sequential');
  expect(state).toMatchObject({ step: 0.7, friction: 0.25, every: 40, burn: 0 });
  expect(settingsOf(state)).toMatchObject({ walk: 'sequential', jumpEvery: 40 });
  const command = 'mdensity walk --density rings --sigma 0.8 --measurements 4';
  expect(commandOf('rings', state)).toBe(`${command} --walk sequential --out walk/`);
  expect(commandOf('rings', { ...state, every: 5, burn: 200 })).toBe(
    `${command} --walk sequential --thin 5 --out walk/`,
  );
});

test('links of when the walk of the mean was a flag are understood', () => {
  expect(decodeLink(schema, 'v=1&mean=1')).toMatchObject({ state: { walk: 'mean' } });
  expect(decodeLink(schema, 'v=1&mean=1').problem).toBeUndefined();
  expect(decodeLink(schema, 'v=1&mean=2').problem).toContain('mean=2');
});
