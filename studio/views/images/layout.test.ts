import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnsAt, GAP, neighbour, scaleOf } from './layout.ts';

test('a few small pictures are enlarged, many stay small, large ones shrink', () => {
  const digit = { width: 28, height: 28 };
  expect(scaleOf({ room: 700, count: 16 }, digit)).toBe(4);
  expect(scaleOf({ room: 700, count: 1 }, digit)).toBe(5);
  expect(scaleOf({ room: 700, count: 4 }, { width: 8, height: 8 })).toBe(17);
  expect(scaleOf({ room: 320, count: 100 }, digit)).toBe(2);
  expect(scaleOf({ room: 320, count: 4 }, { width: 640, height: 640 })).toBe(0.5);
});

test('pictures fit their row, whatever the room', () => {
  const sizes = {
    room: fc.integer({ min: 100, max: 2000 }),
    count: fc.integer({ min: 1, max: 100 }),
  };
  fc.assert(
    fc.property(
      sizes.room,
      sizes.count,
      fc.integer({ min: 4, max: 2500 }),
      (room, count, width) => {
        const scale = scaleOf({ room, count }, { width, height: width });
        const columns = columnsAt(room, width, scale);
        expect(columns * (width * scale + GAP) - GAP).toBeLessThanOrEqual(room + 1e-9);
        if (scale > 1) expect(Number.isInteger(scale)).toBe(true);
      },
    ),
  );
});

test('arrows lead to neighbours and stop at the edges', () => {
  const wall = { count: 7, columns: 3 };
  expect(neighbour('ArrowRight', 2, wall)).toBe(3);
  expect(neighbour('ArrowDown', 2, wall)).toBe(5);
  expect(neighbour('ArrowDown', 5, wall)).toBe(5);
  expect(neighbour('ArrowUp', 1, wall)).toBe(1);
  expect(neighbour('ArrowLeft', 0, wall)).toBe(0);
  expect(neighbour('End', 0, wall)).toBe(6);
  expect(neighbour('Home', 6, wall)).toBe(0);
  expect(neighbour('Enter', 3, wall)).toBeUndefined();
});
