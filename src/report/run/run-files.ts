/** What a run's folder holds for its report. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readBytes } from '../../files.ts';
import { createModel } from '../../model/index.ts';
import { countParameters } from '../../nn/index.ts';
import {
  type EvaluationLine,
  listCheckpoints,
  type Metrics,
  modelPath,
  type RunRecord,
  readEvaluations,
  readMetrics,
  readRecord,
} from '../../run/index.ts';
import type { Section } from '../page.ts';
import { type FoundEvaluation, readEvaluation } from './evaluation-file.ts';
import { sequencesSection } from './sequences-section.ts';

/** A folder that holds a run. */
export interface RunPlace {
  /** What `--model` takes for it. */
  readonly target: string;
  readonly folder: string;
  /** Whether it came with the package: it is not written to. */
  readonly inBox: boolean;
}

/** Everything that a report shows; what was not made yet is absent or empty. */
export interface RunFiles extends RunPlace {
  readonly name: string;
  readonly record: RunRecord;
  readonly parameters: number;
  readonly metrics: readonly Metrics[];
  readonly lines: readonly EvaluationLine[];
  /** Steps made, as far as the folder tells. */
  readonly steps: number;
  /** When `model.onnx` was written, in milliseconds since 1970. */
  readonly modelWritten?: number;
  /** Grids drawn on the way, in order. */
  readonly grids: readonly { readonly step: number; readonly path: string }[];
  readonly evaluation?: FoundEvaluation;
  /** What an evaluation found of sequences. */
  readonly sequences?: Section;
  /** The model's card, Markdown. */
  readonly card?: string;
}

/**
 * Reads what a run's folder holds.
 * @throws UserError where a file of the run is damaged.
 */
export async function readRunFiles(place: RunPlace): Promise<RunFiles> {
  const { folder } = place;
  const record = await readRecord(folder);
  const [metrics, lines] = [await readMetrics(folder), await readEvaluations(folder)];
  const model = modelPath(folder);
  const made = [metrics.at(-1)?.step, lines.at(-1)?.step, (await listCheckpoints(folder)).at(-1)];
  const known = made.flatMap((step) => step ?? []);
  // A model in the box comes without its metrics: it is finished.
  const unlogged = existsSync(model) ? record.training.steps : 0;
  const evaluation = await findEvaluation(place);
  const sequences = place.inBox ? undefined : await sequencesSection(join(folder, 'evaluation'));
  const card = join(folder, 'README.md');
  return {
    ...place,
    name: basename(resolve(folder)),
    record,
    metrics,
    lines,
    parameters: countParameters(createModel(record.model).specs),
    steps: known.length > 0 ? Math.max(...known) : unlogged,
    grids: listGrids(join(folder, 'samples')),
    ...(existsSync(model) && { modelWritten: statSync(model).mtimeMs }),
    ...(evaluation && { evaluation }),
    ...(sequences && { sequences }),
    ...(existsSync(card) && { card: new TextDecoder().decode(await readBytes(card)) }),
  };
}

/**
 * Where `mdensity evaluate` leaves it: in the run, or in `evaluation/<name>` for a model in the
 * box.
 */
async function findEvaluation({ folder, inBox }: RunPlace): Promise<FoundEvaluation | undefined> {
  if (!inBox) return readEvaluation(join(folder, 'evaluation'));
  const name = basename(folder);
  const found = await readEvaluation(join('evaluation', name));
  return found?.model !== undefined && basename(found.model) === name ? found : undefined;
}

function listGrids(folder: string): RunFiles['grids'] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .flatMap((name) => {
      const step = /^step-(\d+)\.png$/.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }];
    })
    .sort((a, b) => a.step - b.step);
}
