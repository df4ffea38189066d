/** Folders of diffusers with a `UNet2DModel`, of whatever configuration. */
import { UserError } from '../../errors.ts';
import { oneLine } from '../../quoted.ts';
import type { NamedWeights } from '../weights.ts';
import { readDiffusersConfig } from './diffusers-config.ts';
import { fromDiffusersNames } from './diffusers-names.ts';
import { readDiffusersScheduler } from './diffusers-scheduler.ts';
import { familyConfig, type Published, type Recipe } from './recipe.ts';

/** Pipelines whose network sees images themselves, not codes of another network. */
const pipelines = ['DDPMPipeline', 'DDIMPipeline', 'PNDMPipeline', 'ScoreSdeVePipeline'] as const;

/** Reads network and schedule in the folder's own words. */
export const diffusers: Recipe = {
  name: 'diffusers',
  description: 'a folder of diffusers with a UNet2DModel: config.json and scheduler_config.json',
  read: ({ source, weights, json }) => {
    checkPipeline(source, json['model_index.json']);
    const file = (name: string) => {
      if (json[name] !== undefined) return json[name];
      throw new UserError(
        `${source}: has no ${name}; give the folder that save_pretrained wrote, with its scheduler`,
        { code: 'not-found', facts: { path: source, missing: name } },
      );
    };
    const { convention, ...facts } = readDiffusersConfig(
      file('config.json'),
      `${source}: config.json`,
    );
    const process = readDiffusersScheduler(
      file('scheduler_config.json'),
      `${source}: scheduler_config.json`,
      convention,
    );
    const { turns, rest } = takeTurns(weights);
    if ((convention.told === 'noise') !== (turns !== undefined)) {
      throw new UserError(
        `${source}: time_embedding_type is not what the weights are of; get the folder again`,
        { code: 'mismatch', facts: { path: source } },
      );
    }
    const timeFrequencies = turns && Array.from(turns.data, (turn) => 2 * Math.PI * turn);
    const network = { ...facts.network, ...(timeFrequencies && { timeFrequencies }) };
    const config = familyConfig({ ...facts, network, ...process });
    const height = facts.shape[1]!;
    return { config, weights: fromDiffusersNames(rest, network, height, source) };
  },
};

/** Takes the turns of each frequency of a noise out of weights, by their name, new or old. */
function takeTurns(weights: NamedWeights) {
  const { 'time_proj.weight': now, 'time_proj.W': before, ...rest } = weights;
  return { turns: now ?? before, rest };
}

function checkPipeline(source: string, index: Published['json'][string]): void {
  if (index === undefined) return;
  const name = String((index as { readonly _class_name?: unknown } | null)?._class_name);
  if ((pipelines as readonly string[]).includes(name)) return;
  throw new UserError(
    `${source}: model_index.json: is a ${oneLine(name, 60)}; known are ${pipelines.join(', ')}, whose network sees images themselves`,
    { code: 'unsupported', facts: { path: source, pipeline: name } },
  );
}
