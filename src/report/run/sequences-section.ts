/** What was measured of samples that are sequences. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { SEQUENCES_FILE } from '../../evaluate/model/sequences/evaluation.ts';
import { readBytes } from '../../files.ts';
import { oneLine } from '../../quoted.ts';
import { escapeHtml, type Section, type TableRow, table } from '../page.ts';

const schema = z.object({
  data: z.object({ name: z.string(), count: z.int() }),
  pattern: z.string().optional(),
  statistics: z.object({
    count: z.int(),
    unique: z.number(),
    valid: z.number(),
    training: z.object({
      copies: z.number(),
      editDistance: z.object({
        samples: z.int(),
        least: z.number(),
        median: z.number(),
        mean: z.number(),
      }),
      letterDivergence: z.number(),
    }),
  }),
  first: z.array(z.string()),
  /** Whether gaps are letters of an alignment; the rest is absent from older files. */
  gaps: z.boolean().optional(),
  positionDivergence: z.number().optional(),
  conformity: z.number().optional(),
  nearest: z.array(z.object({ name: z.string(), identity: z.number() })).optional(),
});

/**
 * Shows the findings of a folder as a section; none where it holds none.
 * @throws UserError for a damaged file.
 */
export async function sequencesSection(folder: string): Promise<Section | undefined> {
  const path = join(folder, SEQUENCES_FILE);
  if (!existsSync(path)) return undefined;
  let found: z.output<typeof schema>;
  try {
    found = schema.parse(JSON.parse(new TextDecoder().decode(await readBytes(path))));
  } catch (cause) {
    throw new UserError(`${path}: is damaged; evaluate again, or remove the file`, {
      code: 'unreadable',
      facts: { path },
      cause,
    });
  }
  const { data, statistics, nearest } = found;
  const count = (value: number) => value.toLocaleString('en');
  return {
    title: 'Sequences',
    text: `${count(statistics.count)} samples, compared with ${count(data.count)} sequences of ${data.name}. The first samples${nearest ? ', each with the nearest training sequence and its identity' : ''}:`,
    html: `<pre>${shown(found)}</pre>\n${table(rowsOf(found))}`,
  };
}

type Findings = z.output<typeof schema>;

function shown({ first, nearest }: Findings): string {
  const widest = first.reduce((most, { length }) => Math.max(most, length), 0);
  const lines = first.map((sequence, i) => {
    const near = nearest?.[i];
    if (near === undefined) return sequence;
    const identity = `${(100 * near.identity).toFixed(0)} %`.padStart(5);
    return `${sequence.padEnd(widest)}  ${identity}  ${oneLine(near.name, 40)}`;
  });
  return lines.map(escapeHtml).join('\n');
}

function rowsOf({
  statistics,
  pattern,
  gaps = false,
  positionDivergence,
  conformity,
}: Findings): TableRow[] {
  const { unique, valid, training } = statistics;
  const { copies, editDistance, letterDivergence } = training;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const { median, mean, least, samples } = editDistance;
  return [
    ['valid', percent(valid), validMeaning(gaps, pattern)],
    ['unique', percent(unique), 'Different sequences, as a share of all.'],
    ['copies', percent(copies), 'Samples that are one of the training sequences.'],
    [
      'edits to the nearest',
      `median ${median}, mean ${mean.toFixed(2)}, least ${least}`,
      `Insertions, deletions and substitutions to the nearest training sequence, of ${samples} samples.`,
    ],
    [
      'letter frequencies',
      `${letterDivergence.toPrecision(2)} bits`,
      'Jensen–Shannon divergence from those of training: 0 where they are the same, at most 1.',
    ],
    ...optional(
      positionDivergence,
      (bits): TableRow => [
        'letters by position',
        `${bits.toPrecision(2)} bits`,
        'The same divergence at each position, its mean.',
      ],
    ),
    ...optional(
      conformity,
      (mean): TableRow => [
        'conformity',
        mean.toPrecision(2),
        'Mean p-value of the samples’ length and composition among those of training: about 0.5 for samples like it, less for others.',
      ],
    ),
  ];
}

const optional = (value: number | undefined, row: (value: number) => TableRow): TableRow[] =>
  value === undefined ? [] : [row(value)];

function validMeaning(gaps: boolean, pattern: string | undefined): string {
  if (gaps)
    return pattern === undefined ? 'Letters; gaps may stand anywhere.' : `All of ${pattern}`;
  return pattern === undefined
    ? 'Letters, and no gap inside.'
    : `No gap inside, and all of ${pattern}`;
}
