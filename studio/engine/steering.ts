/** What a walk's settings make of a model's density. */
import type { Condition } from '../../src/model/index.ts';
import { conditionOfChains } from '../../src/run/walked-member.ts';
import { measureFixed } from '../../src/sample/fixed.ts';
import { chainNoise } from '../../src/sample/noise.ts';
import { callsOfSteered, type SteerOptions } from '../../src/sample/steer.ts';
import type { KeptPart, ModelFacts, WalkSettings } from './protocol.ts';

type Classes = Pick<ModelFacts, 'classes'>;

/** Whether a model knows pictures without a class, which is what guidance leads away from. */
export const canBeGuided = ({ classes }: Classes): boolean =>
  classes !== undefined && !classes.required && classes.dropout > 0;

/** What steers the density: the class of every chain, how much it counts, and what is held. */
export function steeringOf(model: Classes, settings: WalkSettings): SteerOptions {
  const { kept, class: asked } = settings;
  const guidance = asked !== undefined && canBeGuided(model) ? settings.guidance : 1;
  const held = kept?.noise === undefined ? undefined : { fixed: kept, noise: kept.noise };
  return { condition: conditionOf(model, settings), guidance, held };
}

/** Calls of the network for one score. */
export const callsOfScore = (model: Classes, settings: WalkSettings): number =>
  callsOfSteered(steeringOf(model, settings));

/** The class of every chain. */
function conditionOf({ classes }: Classes, { class: asked, chains }: WalkSettings): Condition {
  if (asked !== 'each') return conditionOfChains(asked === undefined ? undefined : [asked], chains);
  return conditionOfChains([...Array(classes?.classes ?? 0).keys()], chains);
}

/** Whether two parts keep the same. */
export function sameKept(a: KeptPart | undefined, b: KeptPart | undefined): boolean {
  if (a === b) return true;
  if (!a || !b || a.noise !== b.noise || a.mask.length !== b.mask.length) return false;
  return a.mask.every((known, i) => known === b.mask[i] && (!known || same(a, b, i)));
}

const same = (a: KeptPart, b: KeptPart, i: number) => a.values[i] === b.values[i];

/**
 * Puts what was measured of a kept part into y of chain `index`, `[M, d]`, in place: the walk's own
 * numbers there say nothing.
 *
 * @param walked σ of one measurement, and the seed of the walk.
 */
export function withMeasured(
  y: Float32Array,
  kept: KeptPart | undefined,
  walked: { readonly sigma: number; readonly seed: number; readonly index: number },
): Float32Array {
  if (!kept || kept.noise !== undefined) return y;
  const { seed, sigma, index } = walked;
  const size = { dimension: y.length, sigma };
  const { places, measured } = measureFixed(kept, size, chainNoise(seed, 1, index));
  for (const at of places) y[at] = measured[at]!;
  return y;
}
