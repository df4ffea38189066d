import { reworded, UserError } from '../errors.ts';
import { createModel, type ModelConfig } from '../model/index.ts';
import { presets } from '../nn/index.ts';

/**
 * Checks that a network takes examples of the model's shape.
 * @param net the preset, as it was given.
 * @throws UserError (`shape`) that names those of the same kind that do.
 */
export function checkFits(net: string | undefined, model: ModelConfig): void {
  const failure = misfit(model);
  if (failure?.code !== 'shape') return;
  const others = Object.entries(presets)
    .filter(([, { config }]) => misfit({ ...model, network: config }) === undefined)
    .map(([name]) => name);
  const advice = others.length === 0 ? 'give other data' : `take one of ${others.join(', ')}`;
  const shape = `examples of shape [${model.shape.join(', ')}]`;
  throw reworded(failure, `--net ${net}: does not fit ${shape}: ${failure.message}; ${advice}`);
}

function misfit(model: ModelConfig): UserError | undefined {
  try {
    createModel(model);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
