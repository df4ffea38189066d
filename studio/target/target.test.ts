import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDensity } from '../../src/density/parse.ts';
import { targetNames } from '../../src/density/targets.ts';
import { fillNormal, randomKey } from '../../src/random.ts';
import { decodeLink, encodeLink, type LinkState, linkSchema, splitHash } from '../link.ts';
import { densityJson, planeTarget } from './density.ts';
import {
  addPoint,
  keyMove,
  moveRow,
  nearestRow,
  removeRow,
  sampleDrawing,
  within,
} from './edit.ts';
import { fieldPicture, levels } from './field.ts';
import { bounds, type Centre, type Point, sharedPart, targetFields } from './fields.ts';
import { frameOf } from './frame.ts';
import { classOf, memberWith, show, showPlace, someMembers } from './noise.ts';

const schema = linkSchema(1, targetFields);
const standard = sharedPart(decodeLink(schema, '').state);

const milli = (least: number, most: number) =>
  fc.integer({ min: least * 1000, max: most * 1000 }).map((k) => k / 1000);
const place = milli(-bounds.place, bounds.place);
const points = fc.array(fc.tuple(place, place), { maxLength: 30 });
const centres = fc.array(fc.tuple(place, place, milli(0.05, 10), milli(0.05, 3)), {
  minLength: 1,
  maxLength: 24,
});

test('drawings and mixtures come back from their link', () => {
  fc.assert(
    fc.property(points, centres, (points, centres) => {
      const state: LinkState<typeof schema> = {
        ...standard,
        hold: true,
        target: 'points',
        points,
        centres,
      };
      const { query } = splitHash(encodeLink('shape', schema, state));
      expect(decodeLink(schema, query)).toEqual({ state });
    }),
  );
});

test.each([
  'points=9,0',
  'points=1,2,3',
  'points=1',
  'centres=0,0,0,1',
  'centres=0,0,1,0',
  'centres=0,0,1,-1',
  'centres=0,0,1',
  'target=moons',
  'sigma=0',
  'M=1.5',
])('%s is refused, and named', (query) => {
  const { problem, state } = decodeLink(schema, `v=1&${query}`);
  expect(problem).toContain(query);
  expect(sharedPart(state)).toEqual(standard);
});

test('mean and covariance are those of many draws', () => {
  for (const choice of [
    ...targetNames.filter((name) => name !== 'funnel').map((target) => ({ ...standard, target })),
    { ...standard, target: 'mixture' },
    { ...standard, target: 'points', points: sampleDrawing },
  ]) {
    const { density, mean, covariance } = planeTarget(choice)!;
    const n = 20_000;
    const x = density.sample(randomKey(2), n);
    const average = (of: (k: number) => number) => {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += of(k);
      return sum / n;
    };
    // Standard errors are below 4/√n = 0.03 and 13/√n = 0.09; five of them, for 42 numbers.
    for (const i of [0, 1]) {
      expect(Math.abs(average((k) => x[2 * k + i]!) - mean[i]!)).toBeLessThan(0.15);
      for (const j of [0, 1]) {
        const moment = average((k) => (x[2 * k + i]! - mean[i]!) * (x[2 * k + j]! - mean[j]!));
        expect(Math.abs(moment - covariance[i]![j]!)).toBeLessThan(0.45);
      }
    }
  }
});

test('the JSON of an own target is the same density', () => {
  const z = new Float64Array(40);
  fillNormal(randomKey(4), 0, z);
  for (const target of ['mixture', 'points']) {
    const choice = { ...standard, target, points: sampleDrawing };
    const read = parseDensity(JSON.parse(densityJson(choice)!));
    if (read.type === 'poisson') throw new Error('a Gaussian one was meant');
    const [own, theirs] = [planeTarget(choice)!.density, read].map((density) => {
      const out = new Float64Array(20);
      density.smooth(0.5).logDensity(z, out);
      return out;
    });
    expect(own).toEqual(theirs);
  }
  expect(densityJson({ ...standard, target: 'rings' })).toBeUndefined();
});

test('nothing to show of an empty drawing or mixture', () => {
  expect(planeTarget({ ...standard, target: 'points' })).toBeUndefined();
  expect(planeTarget({ ...standard, target: 'mixture', centres: [] })).toBeUndefined();
});

test('contours of a Gaussian are circles at t standard deviations', () => {
  const centre: Centre = [0.7, -1.1, 1, 0.6];
  const target = planeTarget({ ...standard, target: 'mixture', centres: [centre] })!;
  const { regions } = fieldPicture(target, { sigma: 0.8, radius: 6 }, 208);
  expect(regions.length).toBe(levels.length);
  regions.forEach((rings, k) => {
    for (const ring of rings) {
      for (const [x, y] of ring) {
        // s² + σ̃² = 1; what lies outside of the picture is cut off there.
        if (Math.max(Math.abs(x), Math.abs(y)) > 5.99) continue;
        expect(Math.hypot(x - 0.7, y + 1.1)).toBeCloseTo(levels[k]!, 1.7);
      }
    }
    expect(rings.length).toBe(1);
  });
});

test('arrows point where the density rises and stay within their spacing', () => {
  const target = planeTarget({ ...standard, target: 'mixture', centres: [[0, 0, 1, 0.6]] })!;
  const { arrows } = fieldPicture(target, { sigma: 0.8, radius: 6 }, 40);
  expect(arrows.length).toBeGreaterThan(400);
  for (const { from, to } of arrows) {
    expect(Math.hypot(to[0], to[1])).toBeLessThan(Math.hypot(from[0], from[1]));
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    expect(length).toBeLessThan(12 / 21);
    // u = σ̃ ‖z‖/(s² + σ̃²) at the middle.
    const u = 0.8 * Math.hypot((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
    expect(length).toBeCloseTo((0.92 * (12 / 21) * u) / (1 + u), 6);
  }
});

test('points are drawn, moved and removed within bounds', () => {
  const one = addPoint([], [20, -0.12345]);
  expect(one).toEqual([[8, -0.123]]);
  expect(addPoint(one, [7.9, 0], 0.5)).toBe(one);
  expect(addPoint(one, [7, 0], 0.5)).toHaveLength(2);
  const full = Array.from({ length: bounds.points }, (): Point => [0, 0]);
  expect(addPoint(full, [1, 1])).toBe(full);
  const rows: readonly Centre[] = [
    [0, 0, 1, 2],
    [1, 1, 3, 0.5],
  ];
  expect(nearestRow(rows, [0.9, 1], 0.2)).toBe(1);
  expect(nearestRow(rows, [0.5, 0.4], 0.2)).toBe(-1);
  expect(moveRow(rows, 1, [2, 3])).toEqual([
    [0, 0, 1, 2],
    [2, 3, 3, 0.5],
  ]);
  expect(removeRow(rows, 0)).toEqual([[1, 1, 3, 0.5]]);
  expect(sampleDrawing.map(within)).toEqual(sampleDrawing);
});

test('arrow keys move by a step, ten with shift, and no farther than the bounds', () => {
  const key = (name: string, shiftKey = false) => ({ key: name, shiftKey });
  expect(keyMove(key('ArrowUp'), [0, 0], 0.1)).toEqual([0, 0.1]);
  expect(keyMove(key('ArrowLeft', true), [0.5, 0], 0.1)).toEqual([-0.5, 0]);
  expect(keyMove(key('ArrowRight', true), [7.5, 0], 0.1)).toEqual([8, 0]);
  expect(keyMove(key('x'), [0, 0], 0.1)).toBeUndefined();
});

test('places of the canvas are places of the plane', () => {
  const frame = frameOf(6, { width: 640, height: 480 });
  expect([frame.x(0), frame.y(0), frame.x(6), frame.y(6)]).toEqual([320, 240, 560, 0]);
  fc.assert(
    fc.property(place, place, (x, y) => {
      const [u, v] = frame.place([frame.x(x), frame.y(y)]);
      expect(u).toBeCloseTo(x, 9);
      expect(v).toBeCloseTo(y, 9);
    }),
  );
});

test('members of a class share σ̃', () => {
  const noise = { sigma: 0.5, M: 4 };
  expect(classOf(noise)).toBe(0.25);
  expect(memberWith(noise, 16)).toEqual({ M: 16, sigma: 1 });
  expect(someMembers(noise)).toEqual([1, 4, 16, 64].map((M) => ({ M, sigma: Math.sqrt(M) / 4 })));
  for (const member of someMembers({ sigma: 3, M: 7 }))
    expect(classOf(member)).toBeCloseTo(classOf({ sigma: 3, M: 7 }), 5);
  // σ = 8 is the most there is.
  expect(memberWith({ sigma: 8, M: 1 }, 4)).toEqual({ M: 4, sigma: 8 });
});

test.each([
  [0.25, '0.25'],
  [-1.23456, '−1.23'],
  [1234.5, '1235'],
  [123456, '1.23e5'],
  [0.00012345, '1.23e−4'],
  [0, '0'],
  [Number.NaN, '–'],
  [Number.POSITIVE_INFINITY, '∞'],
])('%d is shown as %s', (value, text) => {
  expect(show(value)).toBe(text);
});

test('coordinates keep two places', () => {
  expect([0.005, -1.5, -0.001, 12, -1.2345e36, Number.NaN].map(showPlace)).toEqual([
    ...['0.01', '−1.50', '0.00', '12.00', '−1.23e36', '–'],
  ]);
});
