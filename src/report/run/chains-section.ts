import { SLOW_CHAIN_DRAWS } from '../../evaluate/index.ts';
import { figure, figures, type Section, strip, type TableRow, table } from '../page.ts';
import { lineChart, shareBars, transitionMap } from '../plot.ts';
import type { ChainFindings } from './evaluation-file.ts';

/** Shows how single chains mix: numbers, curves, and the filmstrip where there is one. */
export function chainsSection(found: ChainFindings | undefined, filmstrip?: string): Section {
  const caption = 'Each row is one chain; its jumps, evenly spaced, from left to right.';
  return {
    title: 'Chains',
    text: found
      ? `${found.chains} chains of ${found.draws} jumps, ${count(found.scoreCallsPerDraw)} score calls from one to the next: how single chains move.`
      : 'Single chains of the evaluation.',
    html: [
      filmstrip ? figure(strip(filmstrip, caption), caption) : '',
      ...(found ? [table(chainRows(found)), figures(chainFigures(found))] : []),
    ].join('\n'),
  };
}

/** Mixing is good where R̂ is below this (Vehtari et al. 2021 take 1.01, older practice 1.1). */
const MIXED = 1.05;

function chainRows(found: ChainFindings): readonly TableRow[] {
  const { chains, draws, effectiveSamples, rHat, longestStuck, classes } = found;
  const perCall = found.effectiveSamplesPerScoreCall;
  const verdict = !Number.isFinite(rHat.median)
    ? 'Not known: features that do not vary.'
    : rHat.median < MIXED
      ? 'Near 1: the chains have seen the same.'
      : 'Above 1: the chains have not all seen the same; draw longer ones.';
  const rows: readonly TableRow[] = [
    [
      'effective samples',
      `${count(effectiveSamples.median)} of ${count(chains * draws)}`,
      `The median over features; the least is ${count(effectiveSamples.least)}.${draws < SLOW_CHAIN_DRAWS ? ` An upper bound: chains of fewer than ${SLOW_CHAIN_DRAWS} jumps do not show how slow they are.` : ''}`,
    ],
    [
      'per score call',
      fixed(perCall, 4),
      `One independent sample for ${count(1 / perCall)} score calls.`,
    ],
    ['R̂ across chains', `${fixed(rHat.median, 3)}, largest ${fixed(rHat.largest, 3)}`, verdict],
    [
      'longest stuck',
      `${longestStuck.draws} of ${draws} jumps`,
      'The longest stretch of one chain in which the picture all but stays; 1 is never.',
    ],
  ];
  return classes ? [...rows, ...classRows(classes, draws)] : rows;
}

function classRows(classes: NonNullable<ChainFindings['classes']>, draws: number): TableRow[] {
  const { names, coverage, perChain, switchRate, longestStay } = classes;
  const visited = Math.round(coverage * names.length);
  return [
    ['classes visited', `${visited} of ${names.length}; by one chain ${fixed(perChain, 1)}`],
    ['another class', `after ${fixed(100 * switchRate, 0)} % of jumps`],
    ['longest stay', `${longestStay.draws} of ${draws} jumps, in ${longestStay.name}`],
  ];
}

function chainFigures({ autocorrelation, scoreCallsPerDraw, classes }: ChainFindings): string[] {
  const points = autocorrelation.map((value, lag) => [lag, value] as const);
  const lag = `lag in jumps, ${count(scoreCallsPerDraw)} score calls each`;
  const curve = lineChart([{ name: 'autocorrelation', points }], {
    x: lag,
    y: 'autocorrelation',
  });
  const parts = [figure(curve, 'Autocorrelation of the features along a chain')];
  if (!classes) return parts;
  const shares = classes.names.map((name, i) => ({ name, share: classes.occupancy[i]! }));
  return [
    ...parts,
    figure(
      shareBars(shares, 'share of jumps'),
      'Classes of all jumps, by the classifier; the dashed line is equal shares',
    ),
    figure(
      transitionMap(classes.names, classes.transitions),
      'From the class of a jump (row) to that of the next (column), per cent of the row',
    ),
  ];
}

const count = (value: number) =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '–';
const fixed = (value: number, digits: number) =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';
