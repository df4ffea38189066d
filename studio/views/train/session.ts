/** A training that the page holds: what it was begun with, and what it learns from. */
import type { RemoteTraining } from '../../engine/engine.ts';
import type { TrainingData } from '../../engine/protocol.ts';
import type { Questions } from './comparison.ts';
import type { OpenedModel } from './open-file.ts';
import type { Settings } from './settings.ts';

export type Phase = 'none' | 'opening' | 'resting' | 'running' | 'stopping' | 'done' | 'failed';

/** What a training starts from, where not from the network as it begins. */
export interface Source {
  /** A file's model; its parameters, where it is not a checkpoint that has them. */
  readonly file?: Omit<OpenedModel, 'parameters'> & { readonly parameters?: Float32Array };
  readonly checkpoint?: Uint8Array;
  /** Whether it is the same training as before, whose losses are kept. */
  readonly same?: boolean;
}

export interface Session {
  readonly handle: RemoteTraining;
  /** Settings it was begun with. */
  readonly begun: Settings;
  readonly file: Source['file'];
  readonly examples: TrainingData;
  readonly questions: Questions | undefined;
  /** Whether it went on with other settings than those of its first step. */
  readonly mixed: boolean;
}
