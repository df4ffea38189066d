import type { Command } from 'commander';
import { oneLine } from '../quoted.ts';
import { listRuns, type RunSummary } from '../report/index.ts';
import { formatDuration } from '../text.ts';
import { addGlobalOptions, globalOptions } from './options.ts';
import { createOutput } from './output.ts';

const examples = `
Examples:
  mdensity runs
  mdensity runs experiments/mnist/models --json`;

/** Adds the command `mdensity runs`. */
export function runsCommand(parent: Command): void {
  const command = addGlobalOptions(
    parent
      .command('runs [folder]')
      .description('the runs of a folder (default: runs): state, loss, distance, age'),
  );
  command.addHelpText('after', examples).action(async (folder = 'runs') => {
    const runs = await listRuns(folder);
    const text =
      runs.length > 0 ? table(runs) : `${folder}: holds no run; mdensity train makes one`;
    createOutput(globalOptions(command)).result({ folder, runs }, text);
  });
}

const header = ['run', 'state', 'step', 'loss', 'held out', 'distance', 'network', 'data', 'ago'];

function table(runs: readonly RunSummary[]): string {
  const now = Date.now();
  const rows = [header, ...runs.map((run) => cells(run, now))];
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  const problems = runs.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  return [...lines, ...problems].join('\n');
}

function cells(run: RunSummary, now: number): string[] {
  const { name, state, step, steps, loss, validationLoss, distance, network, data } = run;
  return [
    oneLine(name),
    state,
    step === undefined ? '–' : `${step}/${steps}`,
    number(loss),
    number(validationLoss),
    distance ? `${distance.name} ${number(distance.value)}` : '–',
    network ?? '–',
    data === undefined ? '–' : oneLine(data),
    formatDuration((now - run.updated) / 1000),
  ];
}

const number = (value: number | undefined) =>
  value === undefined ? '–' : String(Number(value.toPrecision(4)));
