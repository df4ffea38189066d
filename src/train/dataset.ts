/** Examples to learn from, whole in memory, row-major `[count, ...shape]`. */
export interface Dataset {
  readonly name: string;
  readonly count: number;
  /** Shape of one example: `[channels, height, width]` for images, `[d]` for points. */
  readonly shape: readonly number[];
  /** `Uint8Array` holds images 0..255, scaled to [0, 1] as batches are made; floats are used as they are. */
  readonly data: Uint8Array | Float32Array;
  /** Class index of each example, where the set has classes. */
  readonly labels?: Uint8Array;
  /** Name of each class. */
  readonly classes?: readonly string[];
  /** SHA-256 (hex) of `shape` and `data`: what a run records to know its data again. */
  readonly hash: string;
}
