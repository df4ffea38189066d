/** What machines that work together keep their arrays, models and results in. */

/**
 * A place for bytes under names, each written once. What has a name stays as it is: two who write
 * one name at the same moment end with the bytes of one of them, and both can tell.
 */
export interface Store {
  /** As it was given: `s3://bucket/prefix` or a folder. */
  readonly name: string;
  /** Reads what has this name, if anything has. @throws UserError where the store is away. */
  read(key: string): Promise<Uint8Array | undefined>;
  /**
   * Writes bytes whole or not at all, unless the name is taken.
   *
   * @returns whether it was free.
   * @throws UserError where the store is away, full or not to be written.
   */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Removes what has this name, if anything has. */
  remove(key: string): Promise<void>;
  /** Lists what is below a folder, such as `results`, in no order. */
  list(folder: string): AsyncGenerator<StoreEntry, void, undefined>;
  /** Tells when what has this name was written or touched, by the store's clock. */
  modified(key: string): Promise<Date | undefined>;
  /** Makes what has this name as young as if it were written now. @returns whether it is there. */
  touch(key: string): Promise<boolean>;
}

/** A name of a store, and when it was written or touched, by the store's clock. */
export interface StoreEntry {
  readonly key: string;
  readonly modified: Date;
}
