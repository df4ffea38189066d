import { expect, test } from 'vitest';
import { decodeLink } from '../../link.ts';
import { schema } from './schema.ts';
import { commandOf, settingsOf } from './walking.ts';

test('the command says what differs from its defaults', () => {
  const plain = decodeLink(schema, 'sigma=0.8').state;
  expect(commandOf('rings', plain)).toBe('mdensity walk --density rings --sigma 0.8 --out walk/');
  const { state } = decodeLink(
    schema,
    'sigma=0.8&M=4&kernel=mala&mean=1&step=1&friction=2&mass=3&chains=2&burn=0&every=1&seed=9',
  );
  expect(commandOf('rings', state)).toBe(
    'mdensity walk --density rings --sigma 0.8 --measurements 4 --kernel mala --step-size 1 --friction 2 --inverse-mass 3 --mean-walk --chains 2 --thin 1 --burn-in 0 --seed 9 --out walk/',
  );
  expect(settingsOf(state)).toEqual({
    sigma: 0.8,
    measurements: 4,
    kernel: 'mala',
    stepSize: 1,
    friction: 2,
    inverseMass: 3,
    meanWalk: true,
    chains: 2,
    seed: 9,
  });
});
