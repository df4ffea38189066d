/** What a walk found, in words. */
import type { ChainProblem } from '../evaluate/index.ts';
import type { WalkSummary } from '../evaluate/walk-summary.ts';

/** What stands against the numbers, in words. */
function sentenceOf(problem: ChainProblem): string {
  switch (problem.code) {
    case 'constant':
      return `coordinates ${problem.coordinates.join(', ')} are one value in all draws, so R̂ is undefined`;
    case 'still':
      return `chains ${problem.chains.join(', ')} never moved; try a larger --step-size or start elsewhere`;
    case 'apart':
      return `coordinates ${problem.coordinates.join(', ')} never moved and chains stand apart in them, so R̂ is undefined and errors mean nothing`;
    case 'short':
      return `${problem.draws} draws of each chain are too few to tell slow chains from slower ones (${problem.needed} tell)`;
    case 'unmixed':
      return `chains disagree (R̂ above 1.01) in coordinates ${problem.coordinates.join(', ')}; walk further`;
  }
}

/** Says what the draws tell, line by line, or that they are too few to tell it. */
export function walkText(files: readonly string[], summary: WalkSummary | undefined): string {
  const wrote = `wrote ${files.join(', ')}`;
  if (summary === undefined) return `${wrote}\ntoo few draws for diagnostics; give more --steps`;
  const shown = (value: number | null) => value?.toPrecision(4) ?? 'undefined';
  const list = (values: readonly (number | null)[]) => values.slice(0, 6).map(shown).join(', ');
  const { equipartition: balance } = summary;
  const rows: [string, string | undefined][] = [
    ['mean of ȳ', `${list(summary.ybar.mean)} ± ${list(summary.ybar.meanError)}`],
    ['mean of x̂', `${list(summary.xhat.mean)} ± ${list(summary.xhat.meanError)}`],
    ['covariance of ȳ', list(summary.ybar.covariance)],
    ['effective samples', list(summary.effectiveSampleSize)],
    ['R̂', summary.rHat.slice(0, 6).map(shown).join(', ')],
    ['equipartition', balance && `${list(balance.values)} ± ${list(balance.errors)}`],
    ['acceptance', summary.acceptance?.toPrecision(4)],
    ['sliced W2 to exact', summary.slicedWasserstein?.distance.toPrecision(4)],
    ['mode switches', summary.modes?.switches.toString()],
  ];
  const lines = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(20)}${value}`],
  );
  return [...lines, ...summary.problems.map(sentenceOf), wrote].join('\n');
}
