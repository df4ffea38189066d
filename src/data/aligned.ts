/**
 * Gives bytes in which numbers of `size` bytes can be read where they stand: the same, or, where
 * these begin at another place, a copy.
 */
export const aligned = (bytes: Uint8Array, size: number): Uint8Array =>
  bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);

/** Says where the numbers of aligned bytes are, as constructors of typed arrays take it. */
export const placeOf = ({ buffer, byteOffset, byteLength }: Uint8Array, size: number) =>
  [buffer, byteOffset, byteLength / size] as const;
