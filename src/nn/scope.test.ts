import { describe, expect, test } from 'vitest';
import { add, GraphError, input } from '../graph/index.ts';
import { fanIn, ones, zeros } from './initialize.ts';
import {
  bindParameters,
  countParameters,
  initializeParameters,
  listParameters,
  type Network,
} from './scope.ts';

const network: Network = (scope, x) => {
  const gain = scope.at('first').parameter('gain', [2, 3], fanIn(4));
  const shift = scope.at('blocks').at(0).at('norm').parameter('shift', [3], ones);
  return add(add(x, gain), add(shift, scope.parameter('last', [1], zeros)));
};

describe('listParameters', () => {
  test('names follow scopes, in the order of asking', () => {
    const specs = listParameters(network, [2, 3]);
    expect(specs.map(({ name, shape }) => [name, shape])).toEqual([
      ['first.gain', [2, 3]],
      ['blocks.0.norm.shift', [3]],
      ['last', [1]],
    ]);
    expect(countParameters(specs)).toBe(10);
  });

  test('a name used twice is an error', () => {
    const twice: Network = (scope, x) => network(scope, network(scope, x));
    expect(() => listParameters(twice, [2, 3])).toThrow(
      new GraphError('parameter "first.gain" is made twice; give each layer its own name'),
    );
  });
});

test('bindParameters gives out tensors by full name', () => {
  const last = input('last', [1]);
  const scope = bindParameters({ 'a.0.last': last });
  expect(scope.at('a').at(0).parameter('last', [1], zeros)).toBe(last);
  expect(() => scope.parameter('last', [1], zeros)).toThrow('parameter "last" is not bound');
});

describe('initializeParameters', () => {
  const specs = listParameters(network, [2, 3]);

  test('constants fill, fanIn(n) is uniform on ±1/√n', () => {
    const values = initializeParameters(specs, 5);
    expect(values).toHaveLength(10);
    expect([...values.subarray(6)]).toEqual([1, 1, 1, 0]);
    const wide = [{ name: 'w', shape: [4000], initialize: fanIn(25) }];
    const many = initializeParameters(wide, 5);
    const mean = many.reduce((sum, v) => sum + v, 0) / many.length;
    const variance = many.reduce((sum, v) => sum + (v - mean) ** 2, 0) / many.length;
    expect(Math.max(...many.map(Math.abs))).toBeLessThanOrEqual(0.2);
    expect(Math.max(...many)).toBeGreaterThan(0.199);
    expect(Math.min(...many)).toBeLessThan(-0.199);
    // A uniform law on ±b has mean 0 and variance b²/3; four standard errors of 4,000 draws.
    expect(Math.abs(mean)).toBeLessThan((4 * 0.2) / Math.sqrt(3 * 4000));
    expect(Math.abs(variance / (0.04 / 3) - 1)).toBeLessThan(0.06);
  });

  test('the seed decides, and each parameter has its own numbers', () => {
    expect(initializeParameters(specs, 5)).toEqual(initializeParameters(specs, 5));
    expect(initializeParameters(specs, 5)).not.toEqual(initializeParameters(specs, 6));
    const two = ['a', 'b'].map((name) => ({ name, shape: [3], initialize: fanIn(1) }));
    const values = initializeParameters(two, 5);
    expect(values.subarray(0, 3)).not.toEqual(values.subarray(3));
  });
});
