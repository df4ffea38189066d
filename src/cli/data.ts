import type { Command } from 'commander';
import { describeTaken } from '../data/index.ts';
import {
  type DatasetInfo,
  describeDataset,
  fetchDataset,
  type LoadOptions,
  listDatasets,
  verifyDataset,
} from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { datasetOptions, givenDatasetOptions } from './dataset-options.ts';
import { addGlobalOptions, addOptions, globalOptions, readOptions } from './options.ts';
import { createOutput, type Output } from './output.ts';
import { watch } from './watch.ts';

/** Adds the commands `mdensity data …`. */
export function dataCommand(parent: Command): void {
  const data = parent.command('data').description('data sets: list, info, fetch, verify');
  data.addHelpText('after', examples);
  const add = (
    name: string,
    description: string,
    action: (set: string, output: Output) => Promise<void>,
  ) => {
    const command = addGlobalOptions(data.command(name).description(description));
    command.action(async (set: string) => action(set, createOutput(globalOptions(command))));
  };
  add('list', 'named data sets, and where they are', list);
  add('fetch <set>', 'download a named set; what is here already is kept', fetch);
  add('verify <set>', 'compare the files of a named set with their checksums', verify);
  const command = addOptions(
    data
      .command('info <set>')
      .description('size, classes, licence and values of a named set or a path'),
    datasetOptions,
  );
  command.action(async (set: string) =>
    info(set, await readOptions(datasetOptions, command), createOutput(globalOptions(command))),
  );
}

const examples = `
Examples:
  mdensity data list
  mdensity data info mnist --classes 3,8
  mdensity data fetch cifar10
  mdensity data verify fashion-mnist`;

async function list(_: string, output: Output): Promise<void> {
  const sets = await listDatasets();
  const lines = sets.map(
    ({ name, title, count, shape, location }) =>
      `${name.padEnd(14)} ${String(count).padStart(6)} × ${shape.join('×').padEnd(8)} ${(location?.kind ?? 'not fetched').padEnd(12)} ${title}`,
  );
  output.result({ sets }, lines.join('\n'));
}

async function info(set: string, options: LoadOptions, output: Output): Promise<void> {
  const description = await watch(output, ({ onProgress }) =>
    describeDataset(set, { ...givenDatasetOptions(options), onProgress }),
  );
  output.result(description, infoText(description).join('\n'));
}

function infoText(d: DatasetInfo): string[] {
  const rows: [string, string | undefined][] = [
    ['name', d.name],
    ['title', d.title],
    ['examples', `${d.count} of shape ${d.shape.join('×')}`],
    ['alphabet', d.alphabet],
    [
      'parts',
      d.parts &&
        Object.entries(d.parts)
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
    ],
    [
      'classes',
      d.classes
        ?.map(({ name, count }) => (count === undefined ? name : `${name} (${count})`))
        .join(', '),
    ],
    ...describeTaken(d).map((line, i): [string, string] => [i === 0 ? 'read' : '', line]),
    ['authors', d.authors],
    ['licence', d.licence],
    ['source', d.source],
    [
      'where',
      d.location
        ? `${d.location.folder} (${d.location.kind})`
        : `not here; run: mdensity data fetch ${d.name}`,
    ],
    [
      'values',
      d.values &&
        `${d.values.type}, mean ${d.values.mean.toFixed(4)}, std ${d.values.std.toFixed(4)}`,
    ],
    ['hash', d.values?.hash],
  ];
  return rows.flatMap(([key, value]) => (value === undefined ? [] : [`${key.padEnd(10)}${value}`]));
}

async function fetch(set: string, output: Output): Promise<void> {
  const report = await watch(output, (work) => fetchDataset(set, work), { after: 0 });
  const what =
    report.downloaded.length > 0 ? `fetched ${report.downloaded.join(', ')} to` : 'all is here, in';
  output.result(report, `${set}: ${what} ${report.location.folder}`);
}

async function verify(set: string, output: Output): Promise<void> {
  const report = await verifyDataset(set);
  const lines = report.files.map(
    ({ name, ok, problem }) =>
      `${ok ? 'ok      ' : 'DAMAGED '} ${name}${problem ? `: ${problem}` : ''}`,
  );
  output.result(report, lines.join('\n'));
  if (!report.ok)
    throw new UserError(`${set}: a file is not as published; run: mdensity data fetch ${set}`);
}
