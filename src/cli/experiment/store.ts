/** The folder of paper A's experiment: its protocol and its rows. */
import type { ImageChainDiagnostics } from '../../evaluate/index.ts';
import { openRows, type RowStore, readProtocolOf, readRowsOf } from './folder.ts';
import { type Cell, checkSame, type Protocol, protocolSchema } from './protocol.ts';

/** What a cell found. */
export interface Row extends Cell {
  /** Samples that distances are made from. */
  readonly samples: number;
  /** Score calls of all chains. */
  readonly scoreCalls: number;
  readonly seconds: number;
  /** Absent where the walk diverged, and for long chains. */
  readonly fd?: number;
  readonly kid?: number;
  readonly precision?: number;
  readonly recall?: number;
  /** Share of samples nearer to an image of the data than a third of the way to its own nearest neighbour. */
  readonly copies?: number;
  readonly chains?: ImageChainDiagnostics;
  /** Why there are no numbers. */
  readonly error?: string;
}

export type Store = RowStore<Row>;

/** @throws UserError for a file that is no protocol. */
export const readProtocol = (folder: string) => readProtocolOf<Protocol>(folder, protocolSchema);

export const readRows = (folder: string) => readRowsOf<Row>(folder);

/**
 * Opens a folder to go on with, or makes it.
 * @throws UserError if it holds an experiment of another protocol.
 */
export const openStore = (folder: string, protocol: Protocol): Promise<Store> =>
  openRows<Protocol, Row>(folder, protocol, { schema: protocolSchema, checkSame });
