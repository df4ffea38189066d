/** What cells find, and the folder that keeps it. */
import type {
  EquivarianceError,
  EstimatorLoss,
  ImageChainDiagnostics,
} from '../../evaluate/index.ts';
import {
  openRows,
  type ProtocolKind,
  type RowStore,
  readProtocolOf,
  readRowsOf,
} from '../folder.ts';
import { type ComparisonProtocol, checkSame, protocolSchema } from './protocol.ts';

interface Finished {
  readonly id: string;
  readonly name: string;
  readonly seconds: number;
  /** Why there are no numbers: a finding too. */
  readonly error?: string;
}

/** What a training step and a denoiser call take at one M, each on one core. */
export interface CostRow extends Finished {
  readonly stage: 'cost';
  readonly measurements: number;
  readonly parameters?: number;
  /** The shortest of a few training steps. */
  readonly stepSeconds?: number;
  /** Peak of a fresh process that trains, over what it takes with the runtime alone. */
  readonly peakBytes?: number;
  /** Of one chain, in a batch of all. */
  readonly callSeconds?: number;
}

export interface TrainRow extends Finished {
  readonly stage: 'train';
  readonly parameters?: number;
}

export interface MeasureRow extends Finished {
  readonly stage: 'measure';
  /** Of the estimator x̂ on held-out examples. */
  readonly loss?: EstimatorLoss;
  readonly equivariance?: EquivarianceError;
}

export interface WalkRow extends Finished {
  readonly stage: 'walk';
  readonly kernel: string;
  readonly samples: number;
  readonly scoreCalls: number;
  readonly fd?: number;
  readonly kid?: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly copies?: number;
  readonly chains?: ImageChainDiagnostics;
  /** Mean acceptance probability, of kernels with an accept test. */
  readonly acceptance?: number;
}

export type ComparisonRow = CostRow | TrainRow | MeasureRow | WalkRow;

export type ComparisonStore = RowStore<ComparisonRow>;

/** Reads the protocol of a folder. */
export const readProtocol = (folder: string) =>
  readProtocolOf<ComparisonProtocol>(folder, protocolSchema);

/** Reads the rows of finished cells. */
export const readRows = (folder: string) => readRowsOf<ComparisonRow>(folder);

/** What protocols of this experiment are. */
export const kind: ProtocolKind<ComparisonProtocol> = { schema: protocolSchema, checkSame };

/**
 * Opens a folder to go on with, or makes it.
 * @throws UserError if it holds another experiment, or one of another protocol.
 */
export const openStore = (folder: string, protocol: ComparisonProtocol): Promise<ComparisonStore> =>
  openRows<ComparisonProtocol, ComparisonRow>(folder, protocol, kind);

/** Finds the row of a name at a stage; of walks, with a kernel. */
export function findRow<S extends ComparisonRow['stage']>(
  rows: readonly ComparisonRow[],
  stage: S,
  name: string,
  also: (row: Extract<ComparisonRow, { stage: S }>) => boolean = () => true,
): Extract<ComparisonRow, { stage: S }> | undefined {
  return rows.find(
    (row): row is Extract<ComparisonRow, { stage: S }> =>
      row.stage === stage && row.name === name && also(row as Extract<ComparisonRow, { stage: S }>),
  );
}
