/** Walks of one model share the runs of its network: what is asked for at once is one run. */
import type { BayesEstimator, Denoiser } from '../../density/index.ts';
import type { ClassChoice, Condition, DenoiserFile } from '../../model/index.ts';
import { type Batching, batchingOf } from './batching.ts';
import type { Runs } from './protocol.ts';

/** Most rows of one run: more gain nothing, and keep a process from its messages. */
const LARGEST = 16;

/** A model whose walks share its runs. */
export interface SharedModel {
  readonly file: DenoiserFile;
  readonly batching: Batching;
  /**
   * Gives the model to one walk.
   *
   * @param level σ̃; default: the file's own.
   * @param classes of each chain.
   * @throws UserError for a level or a class that the model does not know.
   */
  walker(level?: number, classes?: readonly ClassChoice[]): BayesEstimator;
  /** Takes the count of runs since the last call. */
  takeRuns(): Runs;
}

/** A network at one level: what a block of rows is run by. */
type Opened = Pick<Denoiser, 'denoise' | 'logDensity'>;

interface Call {
  readonly z: Float32Array;
  readonly classes: readonly ClassChoice[] | undefined;
  readonly rows: number;
  /** Takes the values of its rows from those of a block. */
  readonly take: (block: Ran, from: number, row: number, count: number) => void;
  readonly wants: 'xhat' | 'logDensity';
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What a block of rows gave. */
interface Ran {
  readonly xhat: Float32Array;
  readonly logDensity: Float64Array;
}

/** Lets walks of an opened model share its runs, of at most so many rows. */
export async function shareRuns(file: DenoiserFile, largest = LARGEST): Promise<SharedModel> {
  const width = file.shape.reduce((product, size) => product * size, 1) * stackedOf(file);
  const found = await batchingOf(file, width);
  // Runs of one size keep it.
  const batching = found.least > 1 ? found : { ...found, most: Math.min(found.most, largest) };
  const count = { runs: 0, rows: 0, seconds: 0 };
  const lanes = new Map<number | undefined, Lane>();
  const laneOf = (level: number | undefined) => {
    const lane = lanes.get(level) ?? createLane(file, { level, width, batching, count });
    lanes.set(level, lane);
    return lane;
  };
  return {
    file,
    batching,
    walker: (level, classes) => walkerOf(file, laneOf, level, classes),
    takeRuns: () => {
      const taken = { ...count };
      Object.assign(count, { runs: 0, rows: 0, seconds: 0 });
      return taken;
    },
  };
}

const stackedOf = (file: DenoiserFile) => ('stacked' in file ? (file.stacked ?? 1) : 1);

function walkerOf(
  file: DenoiserFile,
  laneOf: (level: number | undefined) => Lane,
  level: number | undefined,
  classes: readonly ClassChoice[] | undefined,
): BayesEstimator {
  if (file.rate !== undefined) {
    const { shape, rate, background } = file;
    const lane = laneOf(undefined);
    return { shape, rate, background, denoise: (z, out) => lane.denoise(z, out, undefined) };
  }
  const at = (sigma: number): Denoiser => {
    // Says now what it does not know.
    const { denoise: _, logDensity, ...own } = file.at(sigma, conditionOf(file, classes));
    const lane = laneOf(sigma);
    return {
      ...own,
      denoise: (z, out) => lane.denoise(z, out, classes),
      ...(logDensity && { logDensity: (z, out) => lane.logDensity(z, out, classes) }),
    };
  };
  const { levels } = file;
  return { levels, at, ...at(level ?? file.sigma) } as BayesEstimator;
}

function conditionOf(file: DenoiserFile, classes: readonly ClassChoice[] | undefined): Condition {
  if (classes) return { class: classes };
  return 'condition' in file && file.condition?.type === 'class' ? { class: null } : {};
}

interface Lane {
  denoise(z: Float32Array, out: Float32Array, classes: Call['classes']): Promise<void>;
  logDensity(z: Float32Array, out: Float64Array, classes: Call['classes']): Promise<void>;
}

interface LaneParts {
  readonly level: number | undefined;
  readonly width: number;
  readonly batching: Batching;
  readonly count: { runs: number; rows: number; seconds: number };
}

/** Rows of one call that go in a block. */
interface Part {
  readonly call: Call;
  readonly row: number;
  readonly count: number;
}

function createLane(file: DenoiserFile, parts: LaneParts): Lane {
  const { width } = parts;
  let waiting: Call[] = [];
  let running = false;

  async function flush(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const calls = waiting;
      waiting = [];
      const failed = await runCalls(file, parts, calls);
      for (const call of calls) failed.has(call) ? call.reject(failed.get(call)) : call.resolve();
      // Walks that go on ask again before the next run.
      await new Promise((resolve) => setImmediate(resolve));
    }
    running = false;
  }
  function ask(call: Omit<Call, 'resolve' | 'reject' | 'rows'>): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ ...call, rows: call.z.length / width, resolve, reject });
      if (running) return;
      running = true;
      setImmediate(flush);
    });
  }
  return {
    denoise: (z, out, classes) =>
      ask({
        z,
        classes,
        wants: 'xhat',
        take: ({ xhat }, from, row, count) =>
          out.set(xhat.subarray(from * width, (from + count) * width), row * width),
      }),
    logDensity: (z, out, classes) =>
      ask({
        z,
        classes,
        wants: 'logDensity',
        take: ({ logDensity }, from, row, count) =>
          out.set(logDensity.subarray(from, from + count), row),
      }),
  };
}

/** Runs all rows of some calls, block by block; gives the calls that failed. */
async function runCalls(
  file: DenoiserFile,
  parts: LaneParts,
  calls: readonly Call[],
): Promise<Map<Call, unknown>> {
  const failed = new Map<Call, unknown>();
  for (const block of blocksOf(calls, parts.batching.most)) {
    try {
      await runBlock(file, parts, block);
    } catch (error) {
      for (const { call } of block) failed.set(call, error);
    }
  }
  return failed;
}

/** Packs the rows of calls in blocks, in their order. */
function blocksOf(calls: readonly Call[], largest: number): Part[][] {
  const blocks: Part[][] = [];
  let free = 0;
  for (const call of calls) {
    for (let row = 0; row < call.rows; ) {
      if (free === 0) {
        blocks.push([]);
        free = largest;
      }
      const count = Math.min(free, call.rows - row);
      blocks.at(-1)!.push({ call, row, count });
      row += count;
      free -= count;
    }
  }
  return blocks;
}

async function runBlock(
  file: DenoiserFile,
  { level, width, batching, count }: LaneParts,
  block: readonly Part[],
): Promise<void> {
  const rows = block.reduce((sum, part) => sum + part.count, 0);
  const size = Math.max(rows, batching.least);
  const z = new Float32Array(size * width);
  const classes: ClassChoice[] = [];
  let at = 0;
  for (const { call, row, count: own } of block) {
    z.set(call.z.subarray(row * width, (row + own) * width), at * width);
    for (let i = 0; i < own; i++) classes[at + i] = call.classes?.[row + i] ?? null;
    at += own;
  }
  while (classes.length < size) classes.push(null);
  const started = performance.now();
  const opened = openedAt(file, level, classes);
  const ran = { xhat: new Float32Array(size * width), logDensity: new Float64Array(size) };
  if (block.some(({ call }) => call.wants === 'xhat')) await opened.denoise(z, ran.xhat);
  if (block.some(({ call }) => call.wants === 'logDensity')) {
    await opened.logDensity!(z, ran.logDensity);
  }
  count.runs += 1;
  count.rows += rows;
  count.seconds += (performance.now() - started) / 1000;
  at = 0;
  for (const { call, row, count: own } of block) {
    call.take(ran, at, row, own);
    at += own;
  }
}

function openedAt(
  file: DenoiserFile,
  level: number | undefined,
  classes: readonly ClassChoice[],
): Opened {
  if (file.rate !== undefined || level === undefined) return file;
  return file.at(level, file.condition?.type === 'class' ? { class: classes } : {});
}
