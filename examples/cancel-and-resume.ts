/** Stops a training and a walk, and goes on with both from memory, to the same bits. */
import { gaussian, loadDataset, presets, train, type WalkJumpOptions, walkJump } from 'mdensity';

const digits = await loadDataset('digits8');
const options = { network: presets.digits8, noise: gaussian({ sigma: 0.5 }), steps: 40 } as const;
const whole = await train(digits, options);

// A signal ends a training after the step in hand; what was learned is given.
const controller = new AbortController();
const half = await train(digits, {
  ...options,
  signal: controller.signal,
  onProgress: ({ done }) => {
    if (done >= 20) controller.abort();
  },
});
const rest = await train(digits, { ...options, checkpoint: half.checkpoint });
console.log(`training stopped after ${half.checkpoint.step} of ${options.steps} steps`);
console.log(`then went on to ${equal(whole.bytes, rest.bytes) ? 'the same' : 'other'} weights`);

/** Walks until the end or the signal; gives the last jump, with a copy of where the walk stood. */
async function lastJump(changes: Partial<WalkJumpOptions>, stopAt = Number.POSITIVE_INFINITY) {
  const stop = new AbortController();
  const walk = { chains: 4, steps: 60, jumpEvery: 10, signal: stop.signal, ...changes };
  let last: { step: number; xhat: Float32Array; state: WalkJumpOptions['initial'] } | undefined;
  try {
    for await (const { step, xhat, state } of walkJump(whole.model, walk)) {
      last = { step, xhat, state: structuredClone(state) };
      if (step >= stopAt) stop.abort();
    }
  } catch (error) {
    // A walk throws the signal's reason between two steps.
    if (!stop.signal.aborted) throw error;
  }
  return last!;
}

const end = await lastJump({});
const middle = await lastJump({}, 30);
const resumed = await lastJump({ initial: middle.state! });
console.log(`walk stopped after ${middle.step} of ${end.step} steps`);
console.log(`then went on to ${equal(end.xhat, resumed.xhat) ? 'the same' : 'other'} samples`);

for (const { model } of [whole, half, rest]) await model.release();

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, i) => value === b[i]);
}
