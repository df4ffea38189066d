/** What was measured of samples that are sequences. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.ts';
import { readBytes } from '../../files.ts';
import { SEQUENCES_FILE } from '../sequences/evaluation.ts';
import { escapeHtml, type Section, type TableRow, table } from './page.ts';

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
});

/** The findings of a folder as a section; none where it holds none. @throws UserError for a damaged file. */
export async function sequencesSection(folder: string): Promise<Section | undefined> {
  const path = join(folder, SEQUENCES_FILE);
  if (!existsSync(path)) return undefined;
  let found: z.output<typeof schema>;
  try {
    found = schema.parse(JSON.parse(new TextDecoder().decode(await readBytes(path))));
  } catch (cause) {
    throw new UserError(`${path}: is damaged; run mdensity evaluate again, or remove the file`, {
      cause,
    });
  }
  const { data, first, statistics } = found;
  const count = (value: number) => value.toLocaleString('en');
  return {
    title: 'Sequences',
    text: `${count(statistics.count)} samples, compared with ${count(data.count)} sequences of ${data.name}. The first samples:`,
    html: `<pre>${first.map(escapeHtml).join('\n')}</pre>\n${table(rowsOf(found))}`,
  };
}

function rowsOf({ statistics, pattern }: z.output<typeof schema>): TableRow[] {
  const { unique, valid, training } = statistics;
  const { copies, editDistance, letterDivergence } = training;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const { median, mean, least, samples } = editDistance;
  return [
    [
      'valid',
      percent(valid),
      pattern === undefined
        ? 'Letters, and no gap inside.'
        : `No gap inside, and all of ${pattern}`,
    ],
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
  ];
}
