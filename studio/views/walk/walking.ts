/** The walk that a view's state asks for, here and on the command line. */
import type { PlaneWalkSettings } from '../../engine/protocol.ts';
import { optionsOf } from '../../settings/setting.ts';
import { noiseOptions } from '../../target/fields.ts';
import { type WalkState, walkSettings } from './schema.ts';

/** The command that walks the same chains, for a density by its name or file. */
export const commandOf = (density: string, state: CommandState): string =>
  [
    `mdensity walk --density ${density}`,
    ...noiseOptions(state),
    ...optionsOf(walkSettings, state),
    '--out walk/',
  ].join(' ');

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
  meanWalk: state.mean,
  chains: state.chains,
  seed: state.seed,
});
