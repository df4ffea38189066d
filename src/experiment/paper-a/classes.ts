/** The classes that an experiment walks, and the models that they are walked with. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Dataset } from '../../data/index.ts';
import { hasLevel, type NoiseLevels } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import {
  describeDenoiser,
  describeLevels,
  describeNoise,
  inputOf,
  levelsOf,
} from '../../model/index.ts';
import type { Work } from '../../progress.ts';
import { fetchModel, findModel, readFitting } from '../../run/model-file.ts';
import { sequentialMember } from '../../sample/index.ts';
import type { PaperAProtocol } from './protocol.ts';

export interface ClassesOptions {
  /** Models: each walks its own class, or if it is a family every class that no other has. */
  readonly model?: readonly string[] | undefined;
  /** σ̃ of each class; default: the models', or 1/4. */
  readonly classes?: readonly number[] | undefined;
  /** Processes that hold a model at a time. */
  readonly workers: number;
}

/** A model that was given. */
interface GivenModel {
  readonly model: string;
  readonly hash: string;
  /** Class that it walks unless others are asked for. */
  readonly sigma: number;
  /** Of a family; absent for a model of one class. */
  readonly levels?: NoiseLevels | undefined;
}

/** The class of paper A. */
const USUAL = 0.25;

/**
 * Finds the model of each class: one that is given, or the one to be trained below the folder.
 * Pretrained models are fetched on first use. A family walks every class asked for.
 *
 * @throws UserError for a model that has no class of Gaussian noise, needs a condition, or makes
 *   other images than the data's; (`level`) for a class that a family does not know; (`memory`)
 *   where so many processes cannot hold a model.
 */
export async function classesOf(
  { model: targets = [], classes, workers }: ClassesOptions,
  dataset: Dataset,
  work: Work = {},
): Promise<PaperAProtocol['classes']> {
  const given: GivenModel[] = [];
  for (const target of targets) given.push(await readModel(target, { dataset, workers }, work));
  const wanted = classes ?? (given.length > 0 ? given.map(({ sigma }) => sigma) : [USUAL]);
  const found = wanted.map((sigma) => ({ sigma, one: modelOf(sigma, given) }));
  const left = given.find((model) => !found.some(({ one }) => one === model));
  if (left) throw leftOut(left, wanted);
  return found.map(({ sigma, one }) => {
    if (!one) return { sigma, model: join('models', String(sigma)) };
    const { model, hash, levels } = one;
    const member = levels && sequentialMember({ levels }, { effectiveSigma: sigma });
    const isOne = !member || member.measurements < 2;
    return { sigma, model, hash, ...(!isOne && { sequential: member.measurements }) };
  });
}

async function readModel(
  target: string,
  { dataset, workers }: { readonly dataset: Dataset; readonly workers: number },
  work: Work,
): Promise<GivenModel> {
  await fetchModel(target, work);
  const path = findModel(target);
  const { bytes, path: place } = await readFitting(path, { processes: workers });
  const { config, shape: own } = await describeDenoiser(bytes, path, place);
  if (config === undefined) {
    throw refusal(target, 'does not say its class; give one that mdensity trained or imported');
  }
  const { stacked, inputSigma: sigma } = inputOf(config);
  if (stacked > 1 || sigma === 0) {
    throw refusal(
      target,
      `is of parametrization ${config.parametrization} and ${describeNoise(config)}, no class of Gaussian noise; give a GPS model`,
    );
  }
  const { condition } = config;
  if (condition?.type === 'class' && condition.required) {
    throw refusal(
      target,
      'was never trained without a class, and this experiment gives none; give a model that needs none',
    );
  }
  const { name, shape } = dataset;
  if (own.join() !== shape.join()) {
    throw new UserError(
      `model ${target}: makes images [${own.join(', ')}], ${name} has [${shape.join(', ')}]; give the data it was trained on`,
      { code: 'mismatch', facts: { option: 'model', value: target, shape: own } },
    );
  }
  const hash = createHash('sha256').update(bytes).digest('hex');
  const levels = levelsOf(config);
  return { model: target, hash, sigma, ...(levels && { levels }) };
}

/** The model that walks a class: one of it alone before a family. */
function modelOf(sigma: number, given: readonly GivenModel[]): GivenModel | undefined {
  const ofOne = given.filter((one) => !one.levels && same(one.sigma, sigma));
  const families = given.filter(({ levels }) => levels !== undefined);
  const knowing = families.filter(({ levels }) => hasLevel(levels!, sigma));
  const found = ofOne.length > 0 ? ofOne : knowing;
  if (found.length > 1) {
    throw new UserError(`model: two models have the class ${sigma}; give one of each`, {
      facts: { option: 'model', sigma },
    });
  }
  const [other] = families;
  if (found.length > 0 || !other) return found[0];
  // Who gives a family for all classes wants none of them trained for weeks.
  throw new UserError(
    `classes: the model ${other.model} has ${describeLevels(other.levels!)}, not ${sigma}; give classes of those`,
    { code: 'level', facts: { option: 'classes', sigma, levels: other.levels } },
  );
}

function leftOut({ model, sigma, levels }: GivenModel, wanted: readonly number[]): UserError {
  const own = levels
    ? `${describeLevels(levels)}, and others are given for`
    : `the class ${sigma}, which is not among`;
  return new UserError(
    `classes: the model ${model} has ${own} ${wanted.join(', ')}; add it, or leave the model out`,
    { facts: { option: 'classes', sigma } },
  );
}

const refusal = (target: string, problem: string) =>
  new UserError(`model ${target}: ${problem}`, {
    code: 'unsupported',
    facts: { option: 'model', value: target },
  });

const same = (a: number, b: number) => Math.abs(a - b) < 1e-9;
