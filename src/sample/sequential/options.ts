import { UserError } from '../../errors.ts';
import type { Kernel } from '../kernel.ts';
import {
  checkPositive,
  checkWhole,
  type ResolvedOptions,
  resolveOptions,
  type WalkJumpOptions,
} from '../options.ts';

const defaults = {
  stepSize: 0.7,
  friction: 0.25,
  jumpEvery: 40,
  factorSteps: 4,
  factorStepSize: 1,
  factorFriction: 1,
  freshStarts: true,
} as const;

/** The options of a sequential walk, defaults filled in. */
export type SequentialOptions = ResolvedOptions<Kernel> & {
  readonly [name in keyof typeof defaults]: NonNullable<WalkJumpOptions[name]>;
};

/**
 * Resolves the options of a sequential walk.
 *
 * @throws UserError for an option out of range, and a burn-in where every draw starts anew.
 */
export function resolveSequential(given: WalkJumpOptions): SequentialOptions {
  const own = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      given[name as keyof typeof defaults] ?? value,
    ]),
  ) as Pick<SequentialOptions, keyof typeof defaults>;
  const options = { ...resolveOptions({ ...given, ...own }), ...own };
  checkWhole('factorSteps', options.factorSteps, 0);
  checkPositive('factorStepSize', options.factorStepSize);
  checkPositive('factorFriction', options.factorFriction);
  if (options.freshStarts && options.burnIn > 0) {
    throw new UserError(
      'burnIn: every draw starts anew and there is nothing to burn in; leave it out, or let the first chain run on with freshStarts: false',
      { facts: { option: 'burnIn', value: options.burnIn } },
    );
  }
  return options;
}
