import type { WalkJumpOptions, WalkKind } from './options.ts';

/** What a command or a file may say of the kind of a walk. */
export interface WalkKindChoice
  extends Partial<
    Record<'walk' | 'effectiveSigma' | 'factorSteps' | 'blocks' | 'runningStart', unknown>
  > {}

/** Gives what was said of `WalkJumpOptions`, without what was not. */
export function walkKindOf(options: WalkKindChoice): Partial<WalkJumpOptions> {
  const { walk, effectiveSigma, factorSteps, blocks, runningStart } = options;
  const said = { walk, effectiveSigma, factorSteps, blocks };
  return {
    ...(Object.fromEntries(
      Object.entries(said).filter(([, value]) => value !== undefined),
    ) as Partial<WalkJumpOptions>),
    ...(walk === 'sequential' && runningStart === true && { freshStarts: false }),
  };
}

/** Numbers that a kind of walk begins with where the command line says none. */
export interface WalkNumbers {
  readonly stepSize: number;
  readonly friction: number;
  readonly jumpEvery: number;
  readonly burnIn: number;
}

/** Gives the numbers of the sequential walk, or the usual ones of the others. */
export const numbersOf = (walk: WalkKind | undefined, usual: WalkNumbers): WalkNumbers =>
  walk === 'sequential' ? { stepSize: 0.7, friction: 0.25, jumpEvery: 40, burnIn: 0 } : usual;
