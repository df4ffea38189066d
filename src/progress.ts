/** How far a piece of work has come. */
export interface Progress {
  /** What is being done, such as `measuring`: one bar, or one line of a page, for each. */
  readonly label: string;
  /** Units done, from 0 to `of`. */
  readonly done: number;
  readonly of: number;
  /** What is counted, in the plural: `steps`, `images`, `bytes`. */
  readonly unit: string;
  /** More to say beside the rate, such as the loss. */
  readonly note?: string | undefined;
}

/**
 * What every long piece of work takes: a signal that ends it, and somebody to tell how far it is.
 */
export interface Work {
  /** Ends the work soon after it is aborted: what was done is kept, and its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Told in a sentence what a person should know, such as which part of a file was taken. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/**
 * Makes work that saves nothing, such as reading, end where it next tells how far it is: the
 * signal's reason is thrown there.
 */
export function stoppable<T extends Work>(work: T): T {
  const { signal, onProgress } = work;
  if (signal === undefined) return work;
  return {
    ...work,
    onProgress: (progress: Progress) => {
      signal.throwIfAborted();
      onProgress?.(progress);
    },
  };
}
