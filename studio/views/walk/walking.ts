/** The walk that a view's state asks for, here and on the command line. */
import type { PlaneWalkSettings } from '../../engine/protocol.ts';
import { optionsOf } from '../../settings/setting.ts';
import { noiseOptions } from '../../target/fields.ts';
import { numbersFor, type WalkState, walkSettings } from './schema.ts';

/** The command that walks the same chains, for a density by its name or file. */
export function commandOf(density: string, state: CommandState): string {
  const anew = state.walk === 'sequential';
  const { burn } = numbersFor(state.walk);
  return [
    `mdensity walk --density ${density}`,
    ...noiseOptions(state),
    ...optionsOf(walkSettings, anew ? { ...state, burn } : state, numbersFor(state.walk)),
    '--out walk/',
  ].join(' ');
}

/** The part of a view's state that shapes the chains. */
export type CommandState = Pick<WalkState, keyof typeof walkSettings | 'sigma' | 'M'>;

/** The walk that a view's state asks for. */
export const settingsOf = (state: CommandState): PlaneWalkSettings => ({
  sigma: state.sigma,
  measurements: state.M,
  kernel: state.kernel as PlaneWalkSettings['kernel'],
  stepSize: state.step,
  friction: state.friction,
  inverseMass: state.mass,
  walk: state.walk,
  // Other walks are seen at every step.
  jumpEvery: state.walk === 'sequential' ? state.every : 1,
  chains: state.chains,
  seed: state.seed,
});
