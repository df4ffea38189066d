import type { Command } from 'commander';
import { UserError } from '../errors.ts';
import { describeFindings } from '../evaluate/index.ts';
import {
  evaluateModel,
  evaluateSequences,
  fetchInception,
  sequencesIn,
} from '../evaluate/model/index.ts';
import type { Work } from '../progress.ts';
import { givenDatasetOptions } from './dataset-options.ts';
import { type EvaluateOptions, evaluateOptions } from './evaluate-options.ts';
import { addOptions, globalOptions, readOptionsAndGiven } from './options.ts';
import { createOutput } from './output.ts';
import { withRemote } from './queue-options.ts';
import { runRemotely } from './remote-command.ts';
import { watch } from './watch.ts';

const examples = `
Examples:
  mdensity evaluate --model mnist --data mnist
  mdensity evaluate --model runs/digits --metrics fd,chains --draws 100 --json
  mdensity evaluate --model runs/cifar10 --data path/to/cifar-10-batches-py --fetch-inception --chains 125 --draws 400
  mdensity evaluate --samples samples.npy --data fashion-mnist --metrics fd,kid,pr
  mdensity evaluate --model runs/peptides --valid 'C.*C'`;

/** Adds the command `mdensity evaluate`. */
export function evaluateCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('evaluate')
      .description(
        'measure samples against data: distances, copies, and how chains mix; or statistics of sequences',
      ),
    evaluateOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const { options, given } = await readOptionsAndGiven(evaluateOptions, command);
    const { model, samples, fetchInception: fetches } = options;
    if (fetches && model === undefined && samples === undefined) {
      const path = await watch(output, fetchInception);
      output.result({ path }, `Inception's weights are in ${path}`);
      return;
    }
    if ((model === undefined) === (samples === undefined)) {
      throw new UserError('--model or --samples: give one of the two, what is to be measured');
    }
    const { queue, store, out, data } = options;
    if (queue ?? store) {
      if (data === undefined || out === undefined) {
        const missing = data === undefined ? '--data' : '--out';
        throw new UserError(`${missing}: is missing; at a queue nothing is known of the run`);
      }
      const { json } = globalOptions(command);
      const dataOptions = givenDatasetOptions(options);
      const set = { name: 'evaluate', table: evaluateOptions, given, out, json, dataOptions };
      const said = await watch(output, (work) =>
        withRemote(options, work.onNote, (remote) => runRemotely(set, remote!, work)),
      );
      process.stdout.write(said);
      return;
    }
    const sequences = await sequencesIn(options);
    if (!sequences && given.valid !== undefined) {
      throw new UserError(
        `--valid ${given.valid}: is for sequences, and ${model ?? samples} is of something else; leave it out`,
      );
    }
    if (sequences) refuseImageMetrics(given);
    const { result, lines } = await watch(output, (work) =>
      sequences
        ? evaluateSequences(
            { ...options, dataOptions: givenDatasetOptions(options) },
            sequences,
            work,
          )
        : evaluateImages(options, given, work),
    );
    output.result(result, lines.join('\n'));
  });
}

/** Measures images; what was found as one object and as lines. */
async function evaluateImages(
  options: EvaluateOptions,
  { metrics }: Partial<EvaluateOptions>,
  work: Work,
) {
  const dataOptions = givenDatasetOptions(options);
  const found = await evaluateModel({ ...options, metrics, dataOptions }, work);
  const { findings, files, otherData, acceptance, result } = found;
  const accepted = `accepted              ${(100 * (acceptance ?? 0)).toFixed(0)} % of proposals`;
  const lines = [
    ...describeFindings(findings),
    ...(acceptance === undefined ? [] : [accepted]),
    ...(otherData ? ['copies are of --data, which is not what the model was trained on'] : []),
    `wrote ${files.join(', ')}`,
  ];
  return { result, lines };
}

const imageOptions = ['metrics', 'features', 'inception', 'fetchInception'] as const;

/** @throws UserError for options of images: sequences have no features. */
function refuseImageMetrics(given: Partial<EvaluateOptions>): void {
  const found = imageOptions.find((key) => given[key] !== undefined);
  if (found === undefined) return;
  throw new UserError(
    `${found}: is for images; sequences have statistics of their own, so leave it out`,
    { facts: { option: found } },
  );
}
