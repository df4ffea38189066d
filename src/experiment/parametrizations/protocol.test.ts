import { describe, expect, test } from 'vitest';
import { createModel } from '../../model/index.ts';
import { countParameters } from '../../nn/index.ts';
import { entriesOf, entryNames } from './entries.ts';
import { callsOf, checkSame, costCells, modelOf, protocolSchema, rowCells } from './protocol.ts';
import { comparisonProtocol } from './testing.ts';

describe.each([8, 28])('rows on images of %i×%i', (side) => {
  const shape = [1, side, side];
  const entries = entriesOf(entryNames, { name: 'images', shape });
  const setting = { sigma: 1, shape, measurements: 4 };

  test('have networks of about the same number of parameters', () => {
    const counts = entries.map((entry) =>
      countParameters(createModel(modelOf(entry, setting)).specs),
    );
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.06);
  });
});

describe('the cells of a comparison', () => {
  const protocol = comparisonProtocol();
  const cellsOf = (name: string) =>
    rowCells(protocol.entries.find((entry) => entry.name === name)!, protocol).map(({ id }) => id);

  test('walk with MALA where there is an energy', () => {
    expect(cellsOf('gps')).toEqual(['train-gps', 'measure-gps', 'walk-gps-sachs']);
    expect(cellsOf('mdae')).toHaveLength(3);
    for (const name of ['gps-energy', 'gps-energy-quadratic', 'mem', 'mem-quadratic', 'muvb']) {
      expect(cellsOf(name).at(-1)).toBe(`walk-${name}-mala`);
    }
  });

  test('have names of their own', () => {
    const all = [...costCells(protocol), ...protocol.entries.flatMap((e) => rowCells(e, protocol))];
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(costCells(protocol)).toHaveLength(protocol.entries.length * 3);
  });

  test('cost the calls of their kernel, and one for each jump', () => {
    const walk = { ...protocol.walk, draws: 3, jumpEvery: 5, burnIn: 4 };
    const short = comparisonProtocol(entryNames, { walk });
    expect(callsOf('sachs', short)).toBe(4 + 15 + 3);
    expect(callsOf('shen-lee', short)).toBe(2 * 19 + 3);
  });
});

describe('a protocol', () => {
  test('is the same after a file', () => {
    const protocol = comparisonProtocol();
    const again = protocolSchema.parse(JSON.parse(JSON.stringify(protocol)));
    expect(() => checkSame(protocol, again, 'here')).not.toThrow();
  });

  test('says by name which rows another has', () => {
    const [one, other] = [comparisonProtocol(['gps', 'mem']), comparisonProtocol(['gps'])];
    expect(() => checkSame(one, other, 'here')).toThrow(
      /^here: holds another experiment: parametrizations was \["gps","mem"\] and is now \["gps"\]/,
    );
  });

  test('says what else differs, to the network of a row', () => {
    const protocol = comparisonProtocol(['muvb']);
    const [entry] = protocol.entries;
    const network = { ...entry!.network, latent: 3 } as NonNullable<typeof entry>['network'];
    const other = { ...protocol, sigma: 2, entries: [{ ...entry!, network }] };
    expect(() => checkSame(protocol, other, 'here')).toThrow(
      /: sigma was 1 and is now 2, networks.muvb.latent was 16 and is now 3;/,
    );
  });
});
