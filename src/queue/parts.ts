/**
 * Parts of a result that is not finished, in a store: who waits for it has them while the work goes
 * on. A worker that begins the work anew finds those of the one before; the result has them all.
 */
import type { Store } from '../store/index.ts';

/** Milliseconds that parts are gathered for before they are written, and after a failure. */
const [GATHER, AGAIN] = [100, 5000] as const;

const folderOf = (id: string) => `parts/${id.slice(0, 2)}/${id}`;

/** Parts `first`, `first + 1`, … of a job, in one object. */
interface Piece {
  readonly key: string;
  readonly first: number;
  /** The part after them. */
  readonly end: number;
}

/** Writes parts in the order that they are made. */
export interface PartWriter {
  add(part: Uint8Array): void;
  /** Stops: what is not written by now comes with the result. */
  end(): Promise<void>;
  /** Removes them, which nobody will ask for any more. */
  clear(): Promise<void>;
}

/**
 * Makes a writer of a job's parts.
 *
 * @param onWritten told how many there are in the store.
 */
export function createPartWriter(
  store: Store,
  id: string,
  onWritten: (count: number) => void,
): PartWriter {
  const pending: Uint8Array[] = [];
  let [first, isUsed, isOver] = [0, false, false];
  let there: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;

  const drop = (count: number) => {
    pending.splice(0, count);
    first += count;
  };
  const write = async () => {
    there ??= await countParts(store, id);
    drop(Math.min(pending.length, Math.max(0, there - first)));
    const { length } = pending;
    if (length > 0) {
      await store.create(`${folderOf(id)}/${first}-${first + length}`, joined(pending));
      drop(length);
    }
    there = Math.max(there, first);
    onWritten(there);
  };
  const schedule = (pause: number) => {
    timer = setTimeout(() => {
      timer = undefined;
      writing = write()
        .then(
          () => GATHER,
          () => AGAIN,
        )
        .then((next) => {
          writing = undefined;
          if (pending.length > 0 && !isOver) schedule(next);
        });
    }, pause);
  };
  return {
    add: (part) => {
      isUsed = true;
      pending.push(part);
      if (!timer && !writing && !isOver) schedule(GATHER);
    },
    end: async () => {
      isOver = true;
      clearTimeout(timer);
      await writing;
    },
    clear: async () => {
      if (!isUsed) return;
      for await (const { key } of store.list(folderOf(id))) await store.remove(key);
    },
  };
}

/** Reads parts while they come, each once and in order. */
export interface PartReader {
  /** Reads those that are not read yet, of so many. */
  upTo(count: number): void;
  /** Stops, and waits for the one in hand. */
  end(): Promise<void>;
}

/** Makes a reader of a job's parts. Where the store fails, they come with the result. */
export function createPartReader(
  store: Store,
  id: string,
  onPart: (index: number, part: Uint8Array) => void,
): PartReader {
  let [next, wanted, isOver] = [0, 0, false];
  let reading: Promise<void> | undefined;
  const read = async () => {
    while (!isOver && next < wanted) {
      const piece = (await piecesOf(store, id)).find(
        ({ first, end }) => first <= next && next < end,
      );
      const bytes = piece && (await store.read(piece.key));
      if (!piece || !bytes) return;
      for (const part of partsIn(bytes).slice(next - piece.first)) onPart(next++, part);
    }
  };
  return {
    upTo: (count) => {
      wanted = Math.max(wanted, count);
      reading ??= read()
        .catch(() => {})
        .finally(() => {
          reading = undefined;
        });
    },
    end: async () => {
      isOver = true;
      await reading;
    },
  };
}

/** Lists what is whole: a write that was cut off has another name. */
async function piecesOf(store: Store, id: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const { key } of store.list(folderOf(id))) {
    const [, first, end] = /\/(\d+)-(\d+)$/.exec(key) ?? [];
    if (end !== undefined) pieces.push({ key, first: Number(first), end: Number(end) });
  }
  // The longest first: fewest reads.
  return pieces.sort((a, b) => b.end - a.end);
}

/** Counts the parts from the first to the first that is missing. */
async function countParts(store: Store, id: string): Promise<number> {
  const pieces = (await piecesOf(store, id)).sort((a, b) => a.first - b.first);
  return pieces.reduce(
    (count, { first, end }) => (first <= count ? Math.max(count, end) : count),
    0,
  );
}

/** One after another, each behind its length: 4 bytes, little-endian. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(part.length);
      return [length, part];
    }),
  );
}

function partsIn(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    parts.push(bytes.slice(at + 4, end));
    at = end;
  }
  return parts;
}
