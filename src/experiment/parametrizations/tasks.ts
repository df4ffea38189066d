/** What is asked of the workers of a comparison. */
import type { LoadOptions } from '../../data/node/index.ts';
import type { Comparing } from '../paper-a/tasks.ts';
import type { Entry } from './entries.ts';
import type { ComparisonProtocol, WalkKernel } from './protocol.ts';

/** A row of the comparison, and where its run is. */
export interface EntryTask {
  readonly entry: Entry;
  readonly protocol: ComparisonProtocol;
  /** Of the comparison. */
  readonly folder: string;
}

export interface CostTask {
  readonly entry: Entry;
  readonly protocol: ComparisonProtocol;
  readonly measurements: number;
  /** Whether examples arrive as bytes. */
  readonly bytes: boolean;
}

/** A task that reads the data. */
export interface DataTask extends EntryTask {
  readonly source: string;
  readonly sourceOptions: LoadOptions;
}

export interface WalkTask extends EntryTask, Comparing {
  readonly kernel: WalkKernel;
}
