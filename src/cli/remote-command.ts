import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { type LoadOptions, loadDataset } from '../data/node/index.ts';
import { commandFiles, commandJob, putDataset, type Remote } from '../experiment/index.ts';
import { isFolder, writeBytes } from '../files.ts';
import { createPartReader, idOf } from '../queue/index.ts';
import { findModel } from '../run/index.ts';
import { type FileReference, getObject, putFile } from '../store/index.ts';
import { datasetOptions } from './dataset-options.ts';
import type { OptionTable } from './options.ts';
import { queueOptions } from './queue-options.ts';
import type { Watched } from './watch.ts';

export interface RemoteCommand {
  /** Such as `sample`. */
  readonly name: string;
  readonly table: OptionTable;
  /** Options as they were given: a worker has the same defaults. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly out: string;
  readonly dataOptions: LoadOptions;
  readonly json: boolean;
  /** Told of each jump of a walk as it is made, an array as NPY; a signal then ends the walk. */
  readonly onJump?: ((bytes: Uint8Array) => void) | undefined;
}

const { result: RESULT, model: MODEL } = commandFiles;

/** Options that are files of this machine. */
const FILES = ['model', 'samples', 'initial', 'known', 'inception', 'data'];

/**
 * Has a command done by a worker at a queue: its files go there, and what it writes comes back.
 *
 * @returns what it said on stdout.
 * @throws UserError as the command does.
 */
export async function runRemotely(
  command: RemoteCommand,
  { submitter, store }: Remote,
  { onProgress, signal }: Watched,
): Promise<string> {
  const { name, out, json, onJump } = command;
  const { args, needs } = await argumentsOf(command, store);
  const all = [name, ...args, `--out=${RESULT}${extname(out)}`, ...(json ? ['--json'] : [])];
  const job = await commandJob(store, all, needs, { jumps: onJump !== undefined });
  let come = 0;
  const jumps = createPartReader(store, idOf(job), (index, bytes) => {
    come = index + 1;
    onJump?.(bytes);
  });
  const label = `${name} at the queue`;
  const told = (done: number, made: number) => {
    const note = come > 0 && { note: `${come} jumps` };
    onProgress({ label, done: Math.round(done), of: 1000, unit: 'parts of 1,000', ...note });
    if (onJump) jumps.upTo(made);
  };
  const result = await submitter.run(job, told, onJump && signal).finally(jumps.end);
  for (const { name: file, hash } of result.files) {
    const [top, ...below] = file.split('/');
    if (!top!.startsWith(RESULT)) continue;
    // Beside a result there may be others of its name, as a chain's file beside a grid.
    const place =
      below.length > 0 || isResult(top!, out) ? out : out.slice(0, -extname(out).length);
    const rest = isResult(top!, out) ? '' : top!.slice(RESULT.length);
    const bytes = await getObject(store, hash);
    const own = file.endsWith('.json') ? encode(reworded(decode(bytes), command)) : bytes;
    await writeBytes(join(`${place}${rest}`, ...below), own);
  }
  return reworded(String(result.value), command);
}

/** Names files as they are called here, in what a worker said or wrote. */
function reworded(text: string, { out, given, json }: RemoteCommand): string {
  const here = (name: string) => (json ? JSON.stringify(name).slice(1, -1) : name);
  return text
    .replaceAll(RESULT, here(out.slice(0, out.length - extname(out).length)))
    .replaceAll(MODEL, here(String(given.model)));
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const encode = (text: string) => new TextEncoder().encode(text);

const isResult = (file: string, out: string) => file === `${RESULT}${extname(out)}`;

type Store = Remote['store'];

/** The options as a worker is to be given them, and the files that they name there. */
async function argumentsOf({ table, given, dataOptions }: RemoteCommand, store: Store) {
  const args: string[] = [];
  const needs: FileReference[] = [];
  const isSet = typeof given.data === 'string' && isFolder(given.data);
  for (const [key, value] of Object.entries(given)) {
    const here = key === 'out' || Object.hasOwn(queueOptions, key);
    if (here || value === undefined || value === false) continue;
    if (isSet && Object.hasOwn(datasetOptions, key)) continue;
    const flag = table[key]!.flags.split(/[ =]/)[0]!;
    if (value === true) {
      args.push(flag);
      continue;
    }
    const file = FILES.includes(key)
      ? await fileOf(key, String(value), { dataOptions, store })
      : undefined;
    if (file) needs.push(file);
    args.push(`${flag}=${file?.name ?? String(value)}`);
  }
  return { args, needs };
}

/** A file of this machine in the store; none for what a worker knows by its name. */
async function fileOf(
  key: string,
  value: string,
  { dataOptions, store }: { readonly dataOptions: LoadOptions; readonly store: Store },
): Promise<FileReference | undefined> {
  if (key === 'model') return putFile(store, findModel(value), MODEL);
  if (!existsSync(value)) return undefined;
  const name = `${key}/${basename(value)}`;
  if (!isFolder(value)) return putFile(store, value, name);
  const { hash } = await putDataset(store, await loadDataset(value, dataOptions));
  return { name: `${name}.npy`, hash };
}
