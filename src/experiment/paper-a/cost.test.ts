import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellsLeft } from './cost.ts';
import { costOf, firstCells, followingCells } from './protocol.ts';
import { protocolOf, rowOf } from './testing.ts';

const protocol = protocolOf({ long: { chains: 2, draws: 10, jumpEvery: 3 } });
const { frictions, long, burnIn } = protocol;
/** Rows of the grid; the distance is least at the friction. */
const gridRows = (best: number) =>
  firstCells(protocol).map((cell) => rowOf({ ...cell, fd: cell.friction === best ? 1 : 2 }));

test('what is left and what is finished are everything, whichever friction is best', () => {
  const all = cellsLeft({ protocol, rows: [] });
  const total = all.reduce((sum, cell) => sum + costOf(cell, protocol), 0);
  fc.assert(
    fc.property(fc.constantFrom(...frictions), fc.nat(all.length), (best, count) => {
      const following = followingCells(protocol, () => best).map((cell) => rowOf(cell));
      const rows = [...gridRows(best), ...following].slice(0, count);
      const left = cellsLeft({ protocol, rows });
      expect(left.length + rows.length).toBe(all.length);
      const calls = [...left, ...rows].reduce((sum, cell) => sum + costOf(cell, protocol), 0);
      expect(calls).toBe(total);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test('nothing follows a grid of which no walk came out', () => {
  const rows = firstCells(protocol).map((cell) => {
    const { fd: _, ...row } = rowOf({ ...cell, samples: 0, error: 'chain 0, step 3: diverged' });
    return row;
  });
  expect(cellsLeft({ protocol, rows })).toEqual([]);
});

test('parts are left to each other', () => {
  const parts = [0, 1, 2].map((index) =>
    cellsLeft({ protocol, rows: [], shard: { index, count: 3 } }),
  );
  const ids = parts.flat().map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBe(cellsLeft({ protocol, rows: [] }).length);
});

test('long chains are as long as the protocol says', () => {
  const cells = cellsLeft({ protocol, rows: [] }).filter(({ stage }) => stage === 'long');
  expect(cells).toHaveLength(2);
  // Sachs et al. call the score once a step, and every jump does once more.
  expect(cells.map((cell) => costOf(cell, protocol))).toEqual(
    cells.map(() => long.chains * (burnIn + long.draws * long.jumpEvery + long.draws)),
  );
});
