/** What is asked of the workers of an experiment. */
import type { LoadOptions } from '../../data/node/index.ts';
import type { FeatureName } from '../../evaluate/model/features.ts';
import { createPool, type TaskProgress } from '../pool.ts';
import { createRemotePool, type Remote } from '../remote/pool.ts';
import type { PaperACell, PaperAProtocol } from './protocol.ts';
import type { PaperARow } from './store.ts';

/** What samples are compared in, and with. */
export interface Comparing {
  readonly shape: readonly number[];
  readonly features: FeatureName;
  readonly inception?: string | undefined;
  /** NPY of the data's features. */
  readonly reference: string;
}

/** A walk: its row comes back, its pictures are in `<folder>/pictures`. */
export interface CellTask extends Comparing {
  readonly cell: PaperACell;
  readonly protocol: PaperAProtocol;
  readonly folder: string;
  /** The ONNX file. */
  readonly model: string;
}

/**
 * A model to train, as a run of its own that goes on where it was stopped; its ONNX file comes
 * back.
 */
export interface TrainTask extends Comparing {
  readonly directory: string;
  readonly sigma: number;
  readonly training: NonNullable<PaperAProtocol['training']>;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
}

export interface TaskPool {
  runCell(task: CellTask, onProgress: (progress: TaskProgress) => void): Promise<PaperARow>;
  runTrain(task: TrainTask, onProgress: (progress: TaskProgress) => void): Promise<string>;
  /** Ends all workers at once; tasks in hand are lost. */
  stop(): Promise<void>;
}

/** Starts workers for the tasks of this experiment, or finds them at a queue. */
export function createTaskPool(workers: number, remote?: Remote): TaskPool {
  const { run, stop } = remote
    ? createRemotePool('paper-a', remote)
    : createPool('paper-a', workers);
  return {
    runCell: (task, onProgress) => run<PaperARow>('cell', task, onProgress),
    runTrain: (task, onProgress) => run<string>('train', task, onProgress),
    stop,
  };
}
