/** Whether a job is of a size that a server takes. */
import { sizeOf } from '../data/shape.ts';
import { UserError } from '../errors.ts';
import { checkWalkMemory, walkBytes } from '../sample/index.ts';
import type { ServedModel } from './catalog.ts';
import { CHAINS } from './children.ts';
import type { Limits } from './limits.ts';
import type { Plan } from './plan.ts';
import { type Problem, problemOf } from './problem.ts';

/** Says why a job is too large, where it is. */
export function sizeProblem(
  { config }: ServedModel,
  plan: Plan,
  limits: Limits,
): Problem | undefined {
  const { updates, draws, held: measurements } = plan;
  const { steps, chains } = plan.walk;
  if (draws === 0) {
    return problemOf(
      'invalid',
      `steps ${steps}: no jump falls within; walk more steps, or jump more often`,
      { facts: { option: 'steps', value: steps } },
    );
  }
  if (updates > limits.updates) {
    const factors = plan.walk.walk === 'sequential' ? ' of all factors' : '';
    return problemOf(
      'too-large',
      `chains × steps${factors} are ${updates}, above the ${limits.updates} of this server; ask for fewer chains or steps`,
      { facts: { options: ['chains', 'steps'], value: updates, most: limits.updates } },
    );
  }
  const size = { chains, measurements, dimension: sizeOf(config.shape) };
  const walked = walkBytes({ ...size, chains: Math.min(CHAINS, chains) });
  const most = Math.max(plan.bytes, walked);
  if (most > limits.resultBytes) {
    return problemOf(
      'too-large',
      `the walk takes ${most} bytes, above the ${limits.resultBytes} of this server; ask for fewer chains, measurements or jumps`,
      {
        facts: {
          options: ['chains', 'measurements', 'jumpEvery'],
          value: most,
          most: limits.resultBytes,
        },
      },
    );
  }
  // What the machine itself lacks.
  try {
    checkWalkMemory({ ...size, draws });
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return problemOf('memory', error.message, { facts: error.facts });
  }
}
