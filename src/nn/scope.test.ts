import { describe, expect, test } from 'vitest';
import {
  add,
  conv2d,
  GraphError,
  grad,
  input,
  mul,
  reduceSum,
  type Tensor,
} from '../graph/index.ts';
import { createDraw, evaluate, expectClose, fed, lowered, normalInput } from '../graph/testing.ts';
import { dropout } from './dropout.ts';
import { fanIn, ones, zeros } from './initialize.ts';
import {
  bindParameters,
  countParameters,
  initializeParameters,
  listParameters,
  type Network,
  type Scope,
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

describe('part', () => {
  const draw = createDraw(7);
  const shape = [2, 16, 4, 4];
  const [x, shift] = [normalInput(draw, shape), normalInput(draw, [16, 1, 1])];

  /** Two layers, dropout between them, and another part inside. */
  const inside = (scope: Scope, [h, moved]: readonly Tensor[]): Tensor => {
    const first = conv2d(h!, scope.at('a').at(0).parameter('w', [16, 16, 3, 3], ones), {
      padding: 1,
    });
    const dropped = dropout(scope, add(mul(first, first), moved!), 0.5);
    const last = (deep: Scope, [inner]: readonly Tensor[]) =>
      conv2d(dropout(deep, inner!, 0.25), deep.parameter('w', [16, 16, 3, 3], ones), {
        padding: 1,
      });
    return add(h!, scope.at('b').part(last, [dropped]));
  };
  const network: Network = (scope, h) => {
    const once = scope.at('one').part(inside, [h, shift]);
    return scope.at('two').part(inside, [once, shift]);
  };
  const specs = listParameters(network, [16, 4, 4]);
  const parameters = Object.fromEntries(
    specs.map(({ name }) => {
      const values = draw.normal(16 * 16 * 9).map((value) => value / 12);
      return [name, fed([16, 16, 3, 3], values)];
    }),
  );
  const masks = Array.from({ length: 4 }, () =>
    fed(shape, Uint8Array.from(draw.uniform(2 * 16 * 16, 0, 256)), 'uint8'),
  );

  /** Σ y² and its gradients; every mask is given out once. */
  const build = (recompute: boolean) => {
    let drawn = 0;
    const randomBytes = () => masks[drawn++];
    const y = network(bindParameters(parameters, { randomBytes, recompute }), x);
    expect(drawn).toBe(4);
    const gradients = grad(reduceSum(mul(y, y)), [x, shift, ...Object.values(parameters)]);
    return { y, ...Object.fromEntries(gradients.map((tensor, i) => [`gradient ${i}`, tensor])) };
  };

  test('has the parameters of its scope, nested ones too', () => {
    expect(specs.map(({ name }) => name)).toEqual(['one.a.0.w', 'one.b.w', 'two.a.0.w', 'two.b.w']);
  });

  test('computed again, with the same bytes, has the same values and gradients', async () => {
    const [plain, again] = [await evaluate(build(false)), await evaluate(build(true))];
    expect(Object.keys(again)).toHaveLength(7);
    for (const [name, values] of Object.entries<number[]>(plain)) {
      // Half and a quarter are dropped: other bytes would make other numbers altogether.
      expectClose((again as Record<string, number[]>)[name]!, values);
    }
  });

  test('is computed a second time only where that is asked for', async () => {
    const count = async (recompute: boolean) => {
      const { nodes } = await lowered(build(recompute));
      return nodes.filter(({ op }) => op === 'Conv').length;
    };
    expect(await count(true)).toBeGreaterThan(await count(false));
    const elsewhere = bindParameters(parameters, { recompute: true });
    const { nodes } = await lowered({ y: network(elsewhere, x) });
    expect(nodes.filter(({ op }) => op === 'Conv')).toHaveLength(4);
  });
});
