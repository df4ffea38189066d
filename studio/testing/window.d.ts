import type { Harness } from './harness.ts';

declare global {
  interface Window {
    /** Only on the page of the engine's tests. */
    engine: Harness;
  }
}
