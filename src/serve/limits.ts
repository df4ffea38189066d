/** How much a server takes. */

/** What a server takes at most; more is refused with a problem document. */
export interface Limits {
  /** Jobs that wait. */
  readonly queue: number;
  /** Jobs of one key that are not finished. */
  readonly perKey: number;
  /** Updates of one job: chains × steps. */
  readonly updates: number;
  /** Bytes of the samples of one job. */
  readonly resultBytes: number;
  /** Bytes of the samples of all jobs. */
  readonly storeBytes: number;
  /** Seconds for which a result is kept. */
  readonly keepSeconds: number;
  /** Jobs that are kept. */
  readonly kept: number;
  /** Bytes of a body. */
  readonly bodyBytes: number;
  /** Seconds in which the headers of a request must come. */
  readonly headerSeconds: number;
  /** Seconds in which all of a request must come. */
  readonly requestSeconds: number;
}

/** Limits where nothing else is said. */
export const usualLimits: Limits = {
  queue: 64,
  perKey: 32,
  updates: 1_000_000,
  resultBytes: 2 ** 27,
  storeBytes: 2 ** 29,
  keepSeconds: 600,
  kept: 10_000,
  bodyBytes: 2 ** 16,
  headerSeconds: 10,
  requestSeconds: 30,
};
