import { expose } from 'comlink';
import { diagnose, exactHistograms } from './diagnostics.ts';

const calls = { diagnose, exactHistograms };

/** What the worker does, so that no frame of the walk waits for it. */
export type Calls = typeof calls;

expose(calls);
