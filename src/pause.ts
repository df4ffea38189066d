/** Lets timers, signals and messages have their turn: work that never waits keeps them from it. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    // Browsers have no setImmediate; Node's timers take a millisecond at least.
    if (typeof globalThis.setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
