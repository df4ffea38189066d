/** A wall of chains: what is shown of it, and what is behind. */
import { untrack } from 'svelte';
import type { MeasuringProgress } from '../../../src/sample/options.ts';
import type { RemoteWalk } from '../../engine/engine.ts';
import type { DeviceReport, ModelFacts, WalkSettings } from '../../engine/protocol.ts';
import type { OwnModel } from './files.ts';
import { emptyHistory, type History } from './history.ts';
import type { Kept } from './kept.ts';
import type { ImagesState } from './schema.ts';
import type { ImageShape } from './shape.ts';

/** A model that is on its way. */
export interface Loading {
  readonly name: string;
  /** What happens now: bytes come, or the engine takes them up. */
  readonly bytes?: number;
  readonly share?: number | undefined;
}

/** One line for the reader. */
export interface Note {
  readonly kind: 'info' | 'error';
  readonly text: string;
  /** The walk has diverged: a smaller step may mend it. */
  readonly diverged?: boolean;
}

/** What the view shows; replaced as a whole, never changed in place. */
export interface Shown {
  readonly loading: Loading | undefined;
  readonly model: ModelFacts | undefined;
  readonly shape: ImageShape | undefined;
  readonly device: DeviceReport | undefined;
  readonly playing: boolean;
  readonly history: History;
  /** y of the opened chain, `[M, d]`. */
  readonly y: Float32Array | undefined;
  /** About the model. */
  readonly modelNote: Note | undefined;
  /** About the walk. */
  readonly walkNote: Note | undefined;
  /** How far the jump under way has come, one measurement at a time. */
  readonly measured: MeasuringProgress | undefined;
  /** What the reader draws on. */
  readonly drawn: Kept | undefined;
  /** What the chains are given of it. */
  readonly kept: Kept | undefined;
  /** Settings that were tried, of the most there may be, while a walk is tuned. */
  readonly tuning: { readonly done: number; readonly of: number } | undefined;
  /** About a picture that the reader gave. */
  readonly fileNote: Note | undefined;
  /** The model that the reader opened last. */
  readonly own: OwnModel | undefined;
  /** A model that does not say its σ̃, until the reader does. */
  readonly unsaid: OwnModel | undefined;
}

/** What is behind the view; nothing is drawn from it. */
interface Behind {
  walk?: RemoteWalk | undefined;
  /** What the walk was told last. */
  settings?: WalkSettings | undefined;
  changing?: Promise<void> | undefined;
  loading?:
    | { readonly key: string; readonly abort: AbortController; readonly ready: Promise<boolean> }
    | undefined;
  loaded?: Loaded | undefined;
  /** Whether the reader asked for a model, and did not take it back. */
  wanted?: boolean;
  /** Whether it played when another view was shown. */
  resume?: boolean;
}

/** The model that walks, and on which device it was wanted. */
export interface Loaded {
  readonly name: string;
  readonly device: ImagesState['device'];
  /** Tells it from others of its name. */
  readonly key: string;
}

export interface Wall {
  /** The view's, which is another one each time the view is shown. */
  state: ImagesState;
  readonly shown: Shown;
  readonly behind: Behind;
  show(change: Partial<Shown>): void;
}

const nothing: Shown = {
  loading: undefined,
  model: undefined,
  shape: undefined,
  device: undefined,
  playing: false,
  history: emptyHistory,
  y: undefined,
  measured: undefined,
  drawn: undefined,
  kept: undefined,
  tuning: undefined,
  modelNote: undefined,
  walkNote: undefined,
  fileNote: undefined,
  own: undefined,
  unsaid: undefined,
};

/** A wall without a model: nothing is loaded before the reader asks for it. */
export function createWall(state: ImagesState): Wall {
  let shown = $state.raw(nothing);
  return {
    state,
    behind: {},
    get shown() {
      return shown;
    },
    show: (change) => {
      shown = { ...untrack(() => shown), ...change };
    },
  };
}

/** The opened chain, counted from 0; undefined where there is none. */
export function openedChain({ open, chains }: ImagesState): number | undefined {
  return open > 0 && open <= chains ? open - 1 : undefined;
}

/** The first line of an error, for the reader. */
export const lineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

export const errorNote = (error: unknown): Note => ({ kind: 'error', text: lineOf(error) });
