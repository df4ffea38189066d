/** Jumps of a walk that a worker makes, kept here while they come. */
import { decodeNpy } from '../data/index.ts';
import { byChain } from '../sample/index.ts';
import { saveSamples } from '../sample/node/draws-files.ts';

/** Jumps that have come. */
export interface KeptJumps {
  /** Takes the next one, `[chains, ...example]` as NPY. */
  add(bytes: Uint8Array): void;
  count(): number;
  /** Writes those there are, where `out` is an array or a picture. @returns whether it did. */
  save(): Promise<boolean>;
}

/** Keeps jumps for a file. */
export function keepJumps(out: string): KeptJumps {
  const frames: Float32Array[] = [];
  let shape: readonly number[] = [];
  return {
    add: (bytes) => {
      const jump = decodeNpy(bytes, 'a jump');
      shape = jump.shape;
      frames.push(jump.data as Float32Array);
    },
    count: () => frames.length,
    save: async () => {
      const [chains, ...example] = shape;
      if (chains === undefined) return false;
      const data = byChain(frames, chains);
      return saveSamples({ data, shape: [chains, frames.length, ...example] }, out);
    },
  };
}
