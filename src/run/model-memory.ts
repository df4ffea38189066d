/** Whether a large model fits in memory, before its weights are read. */
import { UserError } from '../errors.ts';
import { freeMemory, gigabytes } from '../free-memory.ts';

/**
 * Most bytes that a process holds at a time for a byte of weights, as measured on networks of 178,
 * 244 (`import`) and 76 (`openInt8`) million parameters. `import`: what was published, its numbers
 * where they do not stand aligned, and the same in our order, from where ONNX is written. `open`:
 * the file, the runtime's reading of it, and its weights in the order that kernels want.
 * `openBeside`: the same of weights that are brought inside from a file beside the model.
 * `openApart`: of those that the runtime reads itself. `openInt8`: beside the model opened, the
 * variants of its file that layers are tried in; `openHalf`: its other file.
 */
const HELD = {
  import: 3.1,
  open: 3.2,
  openBeside: 5.2,
  openApart: 1.4,
  openInt8: 8.6,
  openHalf: 6.4,
} as const;

/** Share of the free memory that a model may take. */
const USABLE = 0.9;
/** Bytes below which nothing is refused: the free memory is not known that well. */
const SMALL = 5e8;
/** Bytes of a parameter as networks compute with it. */
const SINGLE = 4;

/** A model that is to be held. */
export interface HeldModel {
  /** What it is called in errors. */
  readonly source: string;
  /** Bytes of its weights as they are kept. */
  readonly weightBytes: number;
  readonly work: keyof typeof HELD;
  /** Processes that hold it at a time; default 1. */
  readonly processes?: number | undefined;
}

/** Counts the bytes of weights in single precision. */
export const weightBytesOf = (parameters: number): number => SINGLE * parameters;

/** Estimates the bytes that a model takes at most, in all processes. */
export const heldBytes = ({ weightBytes, work, processes = 1 }: HeldModel): number =>
  HELD[work] * weightBytes * processes;

/**
 * Checks that a model fits in memory, before it is imported or opened.
 *
 * @param available bytes free for it; not looked at where that is not known.
 * @throws UserError (`memory`) where it does not.
 */
export function checkModelMemory(model: HeldModel, available = freeMemory()): void {
  const needed = heldBytes(model);
  if (available === undefined || needed <= Math.max(SMALL, USABLE * available)) return;
  const { source, weightBytes, work, processes = 1 } = model;
  const by = processes > 1 ? ` by ${processes} processes` : '';
  const most = Math.floor((USABLE * available) / (needed / processes));
  const less =
    processes > 1 && most > 0 ? `give workers ${most}` : 'use a machine with more memory';
  throw new UserError(
    `${source}: has ${gigabytes(weightBytes)} of weights and needs about ${gigabytes(needed)} to be ${work === 'import' ? 'imported' : 'opened'}${by}, ${gigabytes(available)} are free; ${less}`,
    {
      code: 'memory',
      facts: { needed, available, weightBytes, ...(processes > 1 && { options: ['workers'] }) },
    },
  );
}
