/** The models that a server has: those of the box and of runs, by name. */
import { existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UserError } from '../errors.ts';
import { isFolder, readError } from '../files.ts';
import { readOnnxFile } from '../graph/node/read-onnx-file.ts';
import { describeDenoiser, describeNoise, type ModelConfig } from '../model/index.ts';
import { hasRun, readRecord } from '../run/index.ts';
import { boxNames } from '../run/model-box.ts';
import { findModel, locateModel } from '../run/model-file.ts';
import type { ModelFile } from './child/protocol.ts';
import { isModelName } from './request.ts';

/** A model that can be sampled. */
export interface ServedModel extends ModelFile {
  readonly name: string;
  readonly config: ModelConfig;
}

/** Finds a model by its name; reads what it is once, and anew where its file is replaced. */
export interface Catalog {
  /** Names, in order. */
  names(): readonly string[];
  /**
   * Nothing where there is none of that name.
   *
   * @throws UserError for one that is damaged.
   */
  find(name: string): Promise<ServedModel | undefined>;
  /** All models that can be sampled: one that is damaged is left out, and told of. */
  list(): Promise<readonly ServedModel[]>;
}

/** A model that is left out, and why. */
export interface LeftOut {
  readonly model: string;
  readonly err: unknown;
}

/**
 * Makes the catalog of the models that are named, each a run, a name of the box, or a file; by
 * default of the box and of the folder `runs`.
 *
 * @param onLeftOut told once of each model that `list` leaves out.
 * @throws UserError for a model that is not there, or does not say its noise, and for two of one
 *   name.
 */
export async function openCatalog(
  given?: readonly string[],
  onLeftOut: (left: LeftOut) => void = () => {},
): Promise<Catalog> {
  const targets = given && targetsOf(given);
  const known = new Map<string, ServedModel>();
  const told = new Map<string, string>();
  const names = () => (targets ? [...targets.keys()] : listed());

  async function find(name: string): Promise<ServedModel | undefined> {
    if (!names().includes(name)) return undefined;
    const target = targets?.get(name) ?? name;
    const path = findModel(target);
    const version = await versionOf(path);
    const found = known.get(name);
    if (found?.path === path && found.version === version) return found;
    const model = { name, path, version, config: await configOf(target) };
    known.set(name, model);
    return model;
  }
  async function findOrTell(model: string): Promise<ServedModel | undefined> {
    try {
      return await find(model);
    } catch (err) {
      if (told.get(model) !== String(err)) onLeftOut({ model, err });
      told.set(model, String(err));
      return undefined;
    }
  }
  if (targets) for (const name of targets.keys()) await find(name);
  return {
    names,
    find,
    list: async () => {
      const all = await Promise.all(names().map(findOrTell));
      return all.filter((model) => model !== undefined);
    },
  };
}

/** Targets by the names that they are asked for by. */
function targetsOf(given: readonly string[]): Map<string, string> {
  const targets = new Map<string, string>();
  for (const target of given) {
    const name = basename(target).replace(/\.onnx$/, '');
    const other = targets.get(name);
    if (other === undefined && isModelName(name)) {
      targets.set(name, target);
      continue;
    }
    throw new UserError(
      other === undefined
        ? `models: ${target} cannot be asked for by its name; call it by letters, digits, _, . and -`
        : `models: ${other} and ${target} would both be asked for as ${name}; rename one of them`,
      { facts: { option: 'models', value: target, name } },
    );
  }
  return targets;
}

/** Names of the box, and of runs that have a model. */
function listed(): string[] {
  const runs = isFolder('runs') ? readdirSync('runs') : [];
  const trained = runs.filter(
    (name) => isModelName(name) && existsSync(join('runs', name, 'model.onnx')),
  );
  return [...new Set([...boxNames(), ...trained])].sort();
}

/** Another for a file that is another. */
async function versionOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path).catch((error: unknown) => {
    throw readError(error, path);
  });
  return [mtimeMs, size, ino].join('-');
}

async function configOf(target: string): Promise<ModelConfig> {
  const place = locateModel(target);
  if (isFolder(place) && (await hasRun(place))) return (await readRecord(place)).model;
  const path = findModel(target);
  const { config } = await describeDenoiser(await readOnnxFile(path), path);
  if (config) return config;
  throw new UserError(
    `${path}: does not say its noise, so that it cannot be served; take a model of mdensity`,
    { code: 'unsupported', facts: { path } },
  );
}

/** Says what a model is. */
export function describeModel({ name, config }: ServedModel) {
  const { noise, condition, alphabet } = config;
  return {
    name,
    shape: [...config.shape],
    noise: { ...noise },
    description: `${config.shape.join('×')}, ${describeNoise(config)}`,
    ...(condition?.type === 'class' && {
      classes: condition.names ? [...condition.names] : condition.classes,
    }),
    ...(alphabet !== undefined && { isSequences: true }),
  };
}
