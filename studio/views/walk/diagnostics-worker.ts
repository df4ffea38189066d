import { expose } from 'comlink';
import { diagnose, exactHistogram } from './diagnostics.ts';

const calls = { diagnose, exactHistogram };

/** What the worker does, so that no frame of the walk waits for it. */
export type Calls = typeof calls;

expose(calls);
