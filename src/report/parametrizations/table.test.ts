import { describe, expect, test } from 'vitest';
import { entryNames } from '../../experiment/parametrizations/entries.ts';
import type { ComparisonRow, WalkRow } from '../../experiment/parametrizations/row.ts';
import { comparisonProtocol } from '../../experiment/parametrizations/testing.ts';
import {
  costTable,
  costText,
  markdownTable,
  qualityNotes,
  qualityTable,
  textTable,
} from './table.ts';

const cost = { ...comparisonProtocol().cost, measurements: [1, 4, 16, 64] };
const protocol = comparisonProtocol(entryNames, { cost });

const chains = (draws: number) =>
  ({ draws, effectiveSamplesPerScoreCall: 0.0123456 }) as NonNullable<WalkRow['chains']>;

const walkRow = (name: string, changes: Partial<WalkRow>): WalkRow => ({
  id: `walk-${name}`,
  stage: 'walk',
  name,
  kernel: 'sachs',
  seconds: 9,
  samples: 5000,
  scoreCalls: 65_000,
  fd: 12.3456,
  chains: chains(50),
  ...changes,
});

/** All that one row finds. */
const rowsOf = (name: string): ComparisonRow[] => [
  ...[1, 4, 16, 64].map(
    (measurements): ComparisonRow => ({
      id: `cost-${name}-M${measurements}`,
      stage: 'cost',
      name,
      measurements,
      seconds: 3,
      parameters: 343_120,
      stepSeconds: 0.9876 * measurements,
      peakBytes: 1.2345e9,
      callSeconds: 0.0046641,
    }),
  ),
  { id: `train-${name}`, stage: 'train', name, seconds: 900 },
  {
    id: `measure-${name}`,
    stage: 'measure',
    name,
    seconds: 4,
    loss: { mean: 117.54321, standardError: 0.31234 },
    equivariance: { mean: 0.012345, largest: 0.2 },
  },
  walkRow(name, {}),
  walkRow(name, { id: `mala-${name}`, kernel: 'mala', fd: 123.456, acceptance: 0.61234 }),
];
const rows = entryNames.flatMap(rowsOf);

const lineOf = (changed: readonly ComparisonRow[], name: string) =>
  qualityTable(protocol, changed, 'fd-pixels').lines.find(([own]) => own === name)!;
const without = (id: string) => rows.filter((row) => row.id !== id);

describe('the table of a comparison', () => {
  test('has a line for each row, its numbers rounded', () => {
    const { titles, lines } = qualityTable(protocol, rows, 'fd-mnist');
    expect(titles.slice(1, 5)).toEqual(['param.', 'held-out loss', 'ms/step', 'fd-mnist']);
    expect(lines.map(([name]) => name)).toEqual(entryNames);
    expect(lines[0]!.slice(1)).toEqual([
      ...['0.34 M', '117.5 ± 0.31', '3950', '12.3', '12.3', '1.2 %', '0.61', '123'],
    ]);
  });

  test('fits a terminal of 100 columns', () => {
    const text = [
      ...textTable(qualityTable(protocol, rows, 'fd-digits8')),
      ...costText(protocol, rows),
    ];
    for (const line of text) expect(line.length, line).toBeLessThanOrEqual(100);
    expect(text).toHaveLength(1 + 8 + 2 + 8);
  });

  test('has a dash where there is nothing', () => {
    expect(lineOf(without('mala-gps'), 'gps').slice(-2)).toEqual(['–', '–']);
    expect(lineOf([], 'mem').slice(1)).toEqual(Array(8).fill('–'));
    const short = rows.map((row) =>
      row.id === 'walk-mem' ? walkRow('mem', { chains: chains(49) }) : row,
    );
    expect(lineOf(short, 'mem')[5]).toBe('–');
  });

  test('says what diverged, and why', () => {
    const error = 'chain 3, step 20: the position is NaN';
    const { fd: _, chains: none, ...bare } = walkRow('mdae', { samples: 0, error });
    const changed = [...without('walk-mdae'), bare];
    expect(lineOf(changed, 'mdae')[4]).toBe('diverged');
    expect(qualityNotes(protocol, changed, 'fd-pixels').at(-1)).toBe(`walk-mdae: ${error}`);
    const untrained: ComparisonRow[] = [
      {
        id: 'train-mem',
        stage: 'train',
        name: 'mem',
        seconds: 1,
        error: 'step 3: the loss is NaN',
      },
    ];
    expect(lineOf(untrained, 'mem')[2]).toBe('diverged');
  });

  test('shows what rounding leaves of an error as 0', () => {
    const tiny = rows.map((row) =>
      row.stage === 'measure' ? { ...row, equivariance: { mean: 3e-8, largest: 1e-7 } } : row,
    );
    expect(lineOf(tiny, 'gps')[6]).toBe('0');
  });
});

describe('the costs of a comparison', () => {
  test('stand by M in whole units', () => {
    const { titles, lines } = costTable(protocol, rows, 'stepSeconds');
    expect(titles).toEqual(['', 'M = 1', 'M = 4', 'M = 16', 'M = 64']);
    expect(lines[2]).toEqual(['gps-energy-quadratic', '988', '3950', '15802', '63206']);
    expect(costTable(protocol, rows, 'callSeconds').lines[0]![1]).toBe('4664');
    expect(costTable(protocol, without('cost-mem-M16'), 'peakBytes').lines[3]).toEqual([
      ...['mem', '1235', '1235', '–', '1235'],
    ]);
  });
});

test('columns are in line, and Markdown has the same cells', () => {
  const table = {
    titles: ['', 'a', 'bb'],
    lines: [
      ['x', '100', '1'],
      ['yyy', '2', '–'],
    ],
  };
  expect(textTable(table)).toEqual(['       a  bb', 'x    100   1', 'yyy    2   –']);
  expect(markdownTable(table)).toEqual([
    ...['|  | a | bb |', '| --- | ---: | ---: |', '| x | 100 | 1 |', '| yyy | 2 | – |'],
  ]);
});
