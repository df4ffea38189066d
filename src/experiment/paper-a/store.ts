/** The folder of paper A's experiment: its protocol and its rows. */
import type { ImageChainDiagnostics } from '../../evaluate/index.ts';
import {
  openRows,
  type ProtocolKind,
  type RowStore,
  readProtocolOf,
  readRowsOf,
} from '../folder.ts';
import { checkSame, type PaperACell, type PaperAProtocol, protocolSchema } from './protocol.ts';

/** What a cell found. */
export interface PaperARow extends PaperACell {
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
  /**
   * Share of samples nearer to an image of the data than a third of the way to its own nearest
   * neighbour.
   */
  readonly copies?: number;
  readonly chains?: ImageChainDiagnostics;
  /** Why there are no numbers. */
  readonly error?: string;
}

export type PaperAStore = RowStore<PaperARow>;

/**
 * Reads the protocol of a folder.
 * @throws UserError for a file that is no protocol.
 */
export const readProtocol = (folder: string) =>
  readProtocolOf<PaperAProtocol>(folder, protocolSchema);

/** Reads the rows of finished cells. */
export const readRows = (folder: string) => readRowsOf<PaperARow>(folder);

/** What protocols of this experiment are. */
export const kind: ProtocolKind<PaperAProtocol> = { schema: protocolSchema, checkSame };

/**
 * Opens a folder to go on with, or makes it.
 * @throws UserError if it holds an experiment of another protocol.
 */
export const openStore = (folder: string, protocol: PaperAProtocol): Promise<PaperAStore> =>
  openRows<PaperAProtocol, PaperARow>(folder, protocol, kind);
