/** Whether a run is asked to go on with the model that it began with. */
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../errors.ts';
import { describeLevels, type ModelConfig } from '../model/index.ts';
import { findPreset } from '../nn/index.ts';
import type { RunRecord } from '../run/index.ts';
import { askedLevels } from './level-options.ts';
import { noiseOptions } from './noise-options.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * Checks that the options of a resumed run ask for the model that the run has.
 *
 * @throws UserError for another network, parametrization, noise or condition than the run began
 *   with.
 */
export function checkSameModel(
  record: RunRecord,
  given: Partial<TrainOptions>,
  directory: string,
): void {
  checkNetwork(record, given, directory);
  checkParametrization(record, given, directory);
}

function checkNetwork(
  { model: { network } }: RunRecord,
  { net, dropout }: { readonly net?: string | undefined; readonly dropout?: number | undefined },
  directory: string,
): void {
  const own = network.type === 'unet' ? network.dropout : undefined;
  if (dropout !== undefined && dropout !== own) {
    throw new UserError(
      `--dropout ${dropout}: the run in ${directory} has ${own ?? 'none'}; leave --dropout out to resume it, or start another run`,
    );
  }
  if (net === undefined) return;
  const { config } = findPreset(net);
  // A run may have another dropout than its preset.
  const same = own === undefined || config.type !== 'unet' ? config : { ...config, dropout: own };
  if (isDeepStrictEqual(same, network)) return;
  throw new UserError(
    `--net ${net}: the run in ${directory} has another network; leave --net out to resume it, or start another run`,
  );
}

const noiseKeys = Object.keys(noiseOptions) as (keyof typeof noiseOptions)[];

function checkParametrization(
  { model }: RunRecord,
  given: Partial<TrainOptions>,
  directory: string,
): void {
  const { parametrization, metaEncoder, inputScale } = given;
  const own: Readonly<Record<string, unknown>> = { view: model.view, ...model.noise };
  for (const key of [...noiseKeys, 'view'] as const) {
    if (given[key] === undefined || given[key] === own[key]) continue;
    throw new UserError(
      `--${key} ${given[key]}: the run in ${directory} has ${own[key] ?? 'none'}; leave --${key} out to resume it, or start another run`,
      { code: 'mismatch', facts: { option: key, given: given[key], recorded: own[key] } },
    );
  }
  const { inputScale: scale = 1 } = model;
  if (inputScale !== undefined && inputScale !== scale) {
    throw new UserError(
      `--input-scale ${inputScale}: the run in ${directory} has ${scale}; leave it out to resume it, or start another run`,
    );
  }
  checkTold(model, given, directory);
  if (parametrization !== undefined && parametrization !== model.parametrization) {
    throw new UserError(
      `--parametrization ${parametrization}: the run in ${directory} has ${model.parametrization}; leave it out to resume it, or start another run`,
    );
  }
  if (metaEncoder === undefined) return;
  if (isDeepStrictEqual(findPreset(metaEncoder).config, model.metaEncoder)) return;
  throw new UserError(
    `--meta-encoder ${metaEncoder}: the run in ${directory} has ${model.metaEncoder ? 'another' : 'none'}; leave it out to resume it, or start another run`,
  );
}

/** Levels and condition of a run that goes on are those it began with. */
function checkTold(
  { noise, condition }: ModelConfig,
  given: Partial<TrainOptions>,
  directory: string,
): void {
  const refuse = (option: string, own: string) =>
    new UserError(
      `--${option}: the run in ${directory} has ${own}; leave --${option} out to resume it, or start another run`,
      { code: 'mismatch', facts: { option } },
    );
  const sigma = noise.type === 'gaussian' ? noise.sigma : 1;
  const levels = askedLevels({ sigma, ...given });
  const own = noise.type === 'gaussian' ? noise.levels : undefined;
  if (levels && !isDeepStrictEqual(levels, own)) {
    const option = given.sigmas ? 'sigmas' : 'members';
    throw refuse(option, own ? `the levels ${describeLevels(own)}` : 'one noise level');
  }
  if (given.condition !== undefined && given.condition !== condition?.type) {
    throw refuse('condition', condition ? `a ${condition.type}` : 'none');
  }
  if (given.conditionDropout !== undefined && given.conditionDropout !== condition?.dropout) {
    throw refuse('condition-dropout', `${condition?.dropout ?? 'none'}`);
  }
}
