/** What the loops of all walks share: checks of what came out, and room for other work. */
import { DivergedError } from '../errors.ts';
import { firstNotFinite } from './finite.ts';

/** Longest time, in milliseconds, that a walk keeps the event loop from timers and signals. */
const BREATH = 50;

/** Makes a function to await after every step: now and then it returns to the event loop. */
export function breathing(): () => Promise<void> {
  let breathed = performance.now();
  return async () => {
    if (performance.now() - breathed <= BREATH) return;
    // Awaiting a score that is ready at once never returns to the event loop.
    await new Promise((resolve) => setTimeout(resolve, 0));
    breathed = performance.now();
  };
}

/** Where values were made, and how large the step was. */
export interface Place {
  readonly step: number;
  readonly chains: number;
  readonly firstChain: number;
  /** Name and value of the option that says the step size. */
  readonly stepSize: readonly [option: string, value: number];
  readonly inverseMass: number;
}

/**
 * Checks positions or jumps, `[chains, n]`.
 *
 * @throws DivergedError at the first value that is not finite.
 */
export function checkFinite(values: Float32Array, what: string, place: Place): void {
  const bad = firstNotFinite(values);
  if (bad < 0) return;
  const { step, chains, firstChain, inverseMass } = place;
  const [option, size] = place.stepSize;
  const chain = firstChain + Math.floor(bad / (values.length / chains));
  const where = `chain ${chain}, step ${step}: the ${what} is ${values[bad]}`;
  const mass = inverseMass === 1 ? '' : ` at inverseMass ${inverseMass}`;
  throw new DivergedError(
    what === 'jump'
      ? `${where}; the denoiser gives values that are not finite, check the model`
      : `${where}; ${option} ${size}${mass} is probably too large, try ${size / 2} (or the denoiser gives values that are not finite)`,
    { chain, step },
  );
}
