import { GraphError } from './error.ts';
import type { HostArray } from './host.ts';
import type { Tensors } from './lower.ts';
import { sizeOf, type Tensor } from './tensor.ts';

/** Values of inputs or outputs by name; for several runs, one entry after another. */
export type Arrays = Readonly<Record<string, HostArray>>;

/** Makes a tensor with a leading axis, one entry for each run. */
export const stack = (tensor: Tensor, runs: number): Tensor => ({
  ...tensor,
  shape: [runs, ...tensor.shape],
});

/**
 * Tells how many runs the inputs are for.
 * @throws GraphError if they differ.
 */
export function countRuns(inputs: Tensors, values: Partial<Arrays>): number {
  const counts = Object.entries(inputs).map(
    ([name, { shape }]) => (values[name]?.length ?? Number.NaN) / sizeOf(shape),
  );
  const [runs = 1] = counts;
  if (!Number.isInteger(runs) || runs < 1 || counts.some((count) => count !== runs)) {
    throw new GraphError(
      `a repeated graph takes one entry of every input for each run, not ${counts.join(', ')}`,
      { code: 'shape', facts: { counts } },
    );
  }
  return runs;
}

/** Makes the runs one by one: each takes its entry of `values`, its results go into `results`. */
export async function runInTurn(
  run: (values: Arrays) => Promise<Arrays>,
  values: Arrays,
  results: Arrays,
  runs: number,
): Promise<void> {
  const own = (all: Arrays, i: number) =>
    Object.fromEntries(Object.entries(all).map(([name, data]) => [name, entry(data, i, runs)]));
  for (let i = 0; i < runs; i++) {
    const made = await run(own(values, i));
    for (const [name, into] of Object.entries(own(results, i))) into.set(made[name] as never);
  }
}

/** Entry i of `count` along the leading axis. */
function entry<T extends HostArray>(data: T, i: number, count: number): T {
  const size = data.length / count;
  return data.subarray(i * size, (i + 1) * size) as T;
}
