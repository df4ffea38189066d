/** What is asked of the workers of an experiment. */
import type { LoadOptions } from '../../data/index.ts';
import type { FeatureName } from '../evaluation/feature-networks.ts';
import { createPool, type TaskProgress } from './pool.ts';
import type { Cell, Protocol } from './protocol.ts';
import type { Row } from './store.ts';

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
  readonly cell: Cell;
  readonly protocol: Protocol;
  readonly folder: string;
  /** The ONNX file. */
  readonly model: string;
}

/** A model to train, as a run of its own that goes on where it was stopped; its ONNX file comes back. */
export interface TrainTask extends Comparing {
  readonly directory: string;
  readonly sigma: number;
  readonly training: NonNullable<Protocol['training']>;
  readonly source: string;
  readonly sourceOptions: LoadOptions;
}

export interface TaskPool {
  runCell(task: CellTask, onProgress: (progress: TaskProgress) => void): Promise<Row>;
  runTrain(task: TrainTask, onProgress: (progress: TaskProgress) => void): Promise<string>;
  /** Ends all workers at once; tasks in hand are lost. */
  stop(): Promise<void>;
}

export function createTaskPool(workers: number): TaskPool {
  const { run, stop } = createPool('experiment', workers);
  return {
    runCell: (task, onProgress) => run<Row>('cell', task, onProgress),
    runTrain: (task, onProgress) => run<string>('train', task, onProgress),
    stop,
  };
}
