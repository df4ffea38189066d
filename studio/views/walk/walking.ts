/** The walk that a view's state asks for, here and on the command line. */
import type { PlaneWalkSettings } from '../../engine/protocol.ts';
import { optionsOf } from '../../settings/setting.ts';
import { type WalkState, walkSettings } from './schema.ts';

/** The command that walks the same chains, for a density by its name or file. */
export function commandOf(density: string, state: CommandState): string {
  const options = [...optionsOf(walkSettings, state)];
  // The seed has a field of its own.
  if (state.seed !== 0) options.push(`--seed ${state.seed}`);
  const measurements = state.M === 1 ? [] : [`--measurements ${state.M}`];
  return [
    `mdensity walk --density ${density} --sigma ${state.sigma}`,
    ...measurements,
    ...options,
    '--out walk/',
  ].join(' ');
}

/** The part of a view's state that shapes the chains. */
export type CommandState = Pick<WalkState, keyof typeof walkSettings | 'sigma' | 'M' | 'seed'>;

/** The walk that a view's state asks for. */
export const settingsOf = (state: CommandState): PlaneWalkSettings => ({
  sigma: state.sigma,
  measurements: state.M,
  kernel: state.kernel as PlaneWalkSettings['kernel'],
  stepSize: state.step,
  friction: state.friction,
  inverseMass: state.mass,
  meanWalk: state.mean,
  chains: state.chains,
  seed: state.seed,
});
