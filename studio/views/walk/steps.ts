/** Jumps as they come from the worker, one by one. */
import type { PlaneSteps } from '../../engine/protocol.ts';
import type { Step } from './record.ts';

/** Takes jumps apart, oldest first; what is kept of one does not hold the memory of the others. */
export function stepsOf({ count, steps, ybar, xhat, acceptance }: PlaneSteps): readonly Step[] {
  const width = ybar.length / count;
  const chains = width / 2;
  return steps.map((step, k) => {
    const of = (all: Float32Array) => all.slice(k * width, (k + 1) * width);
    return {
      step,
      ybar: of(ybar),
      xhat: of(xhat),
      ...(acceptance && { acceptance: acceptance.slice(k * chains, (k + 1) * chains) }),
    };
  });
}
