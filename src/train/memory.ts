import { UserError } from '../errors.ts';
import { freeMemory, gigabytes } from '../free-memory.ts';
import { peakBytes, sizeOf } from '../graph/index.ts';
import { countParameters } from '../nn/index.ts';
import { buildStep, type StepOptions, vectorNames } from './step.ts';

/** Bytes of the runtime, and of a step's graph in its several forms. */
const FIXED = 1.5e8;
/** Bytes the runtime takes for a byte in use: it frees late, and its arena has gaps. */
const ARENA = 1.35;
/**
 * Copies of state beside the one that a run makes: the step's own, what goes from run to run inside
 * a call, what the runtime hands out and is not garbage yet, a checkpoint, and that as a file.
 */
const COPIES = 5;
/** Share of the free memory that a step may take. */
const USABLE = 0.9;

/**
 * Estimates the bytes that training takes on the CPU beside what the process has: nothing is
 * compiled.
 */
export function stepBytes(options: StepOptions): number {
  const { specs, microBatches, rows, shape, stacked, bytes } = options;
  const { outputs, state } = buildStep(options);
  const results = [...Object.values(outputs), ...Object.values(state).map(({ next }) => next)];
  const vectors = vectorNames(options).length + (microBatches > 1 ? 1 : 0);
  const kept = 4 * countParameters(specs) * vectors;
  // Those of two calls: the first are not garbage yet.
  const fed = 2 * rows * microBatches * sizeOf(shape) * ((bytes ? 1 : 4) + 4 * stacked);
  return FIXED + fed + ARENA * peakBytes(results) + COPIES * kept;
}

/**
 * Checks that a step fits in memory.
 * @param available bytes free for training
 * @throws UserError if a step needs more: with the batch or the micro-batches that fit.
 */
export function checkMemory(options: StepOptions, available: number): void {
  const limit = USABLE * available;
  const needed = stepBytes(options);
  if (needed <= limit) return;
  const { rows, microBatches, shape } = options;
  throw new UserError(
    `a step of ${rows * microBatches} examples of ${shape.join('×')} needs about ${gigabytes(needed)}, ${gigabytes(available)} are free; ${advice(options, limit)}`,
    {
      code: 'memory',
      facts: { options: ['recompute', 'batch', 'microBatches'], needed, available },
    },
  );
}

function advice(options: StepOptions, limit: number): string {
  const again = { ...options, recompute: true };
  const ways = waysToFit(options, limit);
  if (!options.recompute && stepBytes(again) <= limit) ways.push('recompute');
  if (ways.length > 0) return `use ${ways.join(', or ')}`;
  const combined = waysToFit(again, limit);
  if (combined.length > 0) return `use recompute with ${combined.join(', or with ')}`;
  // Micro-batches cost a copy of the gradient.
  const { rows, microBatches } = options;
  const whole = { ...again, rows: rows * microBatches, microBatches: 1 };
  const most = microBatches > 1 ? mostRows(whole, limit) : 0;
  if (most > 0) return `use recompute with batch ${most} and microBatches 1`;
  return 'not even one example at a time fits; use a smaller network, or a machine with more memory';
}

/** Options that make a step fit: a smaller batch, the same in more parts. */
function waysToFit(options: StepOptions, limit: number): string[] {
  const { rows, microBatches } = options;
  const ways: string[] = [];
  const most = mostRows(options, limit);
  // Weight gradients are cheapest for multiples of 8.
  if (most > 0) ways.push(`batch ${(most < 8 ? most : most - (most % 8)) * microBatches}`);
  const parts = Array.from({ length: rows - 1 }, (_, i) => i + 2).find(
    (count) => rows % count === 0 && fits(options, count, limit),
  );
  if (parts !== undefined) ways.push(`microBatches ${parts * microBatches}`);
  return ways;
}

/** Whether a step fits with each micro-batch in `count` parts. */
function fits(options: StepOptions, count: number, limit: number): boolean {
  const { rows, microBatches } = options;
  const parts = { ...options, rows: rows / count, microBatches: microBatches * count };
  return stepBytes(parts) <= limit;
}

/**
 * Rows of a micro-batch that fit where `options.rows` do not; 0 if none. Memory is convex in the
 * rows, the largest of sums that grow with them: below the line between two points.
 */
function mostRows(options: StepOptions, limit: number): number {
  const need = (rows: number) => stepBytes({ ...options, rows });
  const above = { rows: options.rows, bytes: need(options.rows) };
  let below = { rows: 1, bytes: above.rows === 1 ? above.bytes : need(1) };
  if (below.bytes > limit) return 0;
  for (let round = 0; round < 4; round++) {
    const slope = (above.bytes - below.bytes) / (above.rows - below.rows);
    const rows = below.rows + Math.floor((limit - below.bytes) / slope);
    if (rows === below.rows) break;
    below = { rows, bytes: need(rows) };
  }
  return below.rows;
}

/** Counts the bytes free for this process; none where that is not known, as in a browser. */
export const availableMemory = async (): Promise<number | undefined> => freeMemory();
