/** Takes what processes with folders of their own have found into one folder. */
import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../files.ts';
import { type ProtocolKind, type RowStore, readProtocolOf, readRowsOf } from './folder.ts';

/** What rows come with: pictures, samples, and the runs of models that were trained. */
const COMPANIONS = ['models', 'runs', 'pictures', 'jumps'] as const;

export interface JoinOptions<P, R extends { readonly id: string }> {
  /** Where to. */
  readonly folder: string;
  readonly store: RowStore<R>;
  readonly protocol: P;
  readonly kind: ProtocolKind<P>;
  readonly from: readonly string[];
}

/**
 * Adds the rows of other folders of the same protocol, and what lies beside them. A cell that is
 * there already stays as it is. All folders are checked before the first is read.
 *
 * @throws UserError for a folder that holds no experiment, or another.
 */
export async function joinFolders<P, R extends { readonly id: string }>({
  folder,
  store,
  protocol,
  kind,
  from,
}: JoinOptions<P, R>): Promise<void> {
  for (const other of from) {
    kind.checkSame(await readProtocolOf(other, kind.schema), protocol, other);
  }
  for (const other of from) {
    for (const name of COMPANIONS) {
      if (existsSync(join(other, name))) await copyMissing(join(other, name), join(folder, name));
    }
    // After what it speaks of: a row says that its cell is finished.
    for (const row of await readRowsOf<R>(other)) await store.add(row);
  }
}

async function copyMissing(from: string, to: string): Promise<void> {
  const filter = (path: string) => !path.endsWith('.lock');
  await cp(from, to, { recursive: true, force: false, filter }).catch((error: unknown) => {
    throw writeError(error, to);
  });
}
