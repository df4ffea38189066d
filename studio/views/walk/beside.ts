/** The other walk of a comparison: the same density and seed, one thing different. */
import type { PlaneWalkSettings } from '../../engine/protocol.ts';
import { memberWith, show } from '../../target/noise.ts';
import type { WalkState } from './schema.ts';
import { settingsOf } from './walking.ts';

export interface Beside {
  readonly settings: PlaneWalkSettings;
  /** What differs, on this side and on the other. */
  readonly names: readonly [here: string, there: string];
}

/** The other M of the class that M is compared with. */
const otherM = (M: number) => (M === 1 ? 16 : 1);

/** Returns the walk beside that of a state; undefined where nothing is compared. */
export function besideOf(state: WalkState): Beside | undefined {
  const settings = settingsOf(state);
  if (state.beside === 'M') {
    const { M, sigma } = memberWith(state, otherM(state.M));
    const names = [`M = ${state.M}`, `M = ${M}, σ = ${show(sigma)}`] as const;
    return { settings: { ...settings, measurements: M, sigma }, names };
  }
  if (state.beside === 'kernel') {
    const kernel = state.kernel2 as PlaneWalkSettings['kernel'];
    return { settings: { ...settings, kernel }, names: [state.kernel, kernel] };
  }
  if (state.beside === 'friction') {
    const names = [`γδ = ${state.friction}`, `γδ = ${state.friction2}`] as const;
    return { settings: { ...settings, friction: state.friction2 }, names };
  }
  return undefined;
}
