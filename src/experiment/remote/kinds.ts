/** What tasks of experiments need of a machine, so that they can be done on another. */
import { modelPath } from '../../run/index.ts';
import type { PoolName } from '../pool.ts';

/** Fields of a task by what they are. */
export interface TaskKind {
  /** Paths of files that it reads; each may be absent. */
  readonly files: readonly string[];
  /** The folder that it writes to, and may read from. */
  readonly folder: string;
  /** Whether it trains on, or measures with, the set that `source` names. */
  readonly data: boolean;
  /** Files below the folder that it reads. */
  readonly needs: (task: Fields) => readonly string[];
  /** What tells it from its like; the rest is sent once for all. */
  readonly own: readonly string[];
  /** Whether its value is a path below the folder. */
  readonly givesPath: boolean;
}

/** A task by its fields. */
export type Fields = Readonly<Record<string, unknown>>;

const none = () => [];
const comparing = ['reference', 'inception'];
const walking = { files: ['model', ...comparing], folder: 'folder', data: false, needs: none };

/** The model of a row of a comparison, which it has trained before. */
const modelOfRow = ({ entry }: Fields) => [
  modelPath(['runs', (entry as { readonly name: string }).name].join('/')),
];
const row = { files: comparing, folder: 'folder', data: true, givesPath: false };

/** Tasks that may go to another machine, by pool and method. */
export const taskKinds: Readonly<Record<string, TaskKind>> = {
  'paper-a/cell': { ...walking, own: ['cell'], givesPath: false },
  'paper-a/train': {
    files: comparing,
    folder: 'directory',
    data: true,
    needs: none,
    own: ['sigma'],
    givesPath: true,
  },
  'parametrizations/learn': { ...row, needs: none, own: ['entry'] },
  'parametrizations/measure': { ...row, needs: modelOfRow, own: ['entry'] },
  'parametrizations/walk': { ...row, needs: modelOfRow, own: ['entry', 'kernel'] },
  'diloco/inner': {
    files: [],
    folder: 'folder',
    data: true,
    needs: none,
    own: ['worker', 'step'],
    givesPath: false,
  },
  'command/run': {
    files: [],
    folder: 'folder',
    data: false,
    needs: none,
    own: ['args'],
    givesPath: false,
  },
};

/** Names a kind, as jobs do. */
export const kindOf = (pool: PoolName, method: string) => `${pool}/${method}`;
