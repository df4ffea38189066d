/** Samples in the format that a client accepts. */
import type { Context } from 'hono';
import { encodeNpy } from '../data/index.ts';
import { drawOf, encodePng, gridPicture } from '../sample/index.ts';
import { isPictured } from '../sample/pictures.ts';
import { type Job, type Samples, samplesOf } from './job.ts';
import { ProblemError, problemOf } from './problem.ts';

/** Formats of samples, the first where anything goes. */
export const formats = ['application/json', 'application/x-npy', 'image/png'] as const;

/** A format of samples. */
export type Format = (typeof formats)[number];

/** Longest header that is read. */
const LONGEST = 1000;

/**
 * Chooses the format that a header `Accept` likes best; of those it likes alike, the first.
 *
 * @throws ProblemError (406) where it takes none.
 */
export function formatOf(accept: string | undefined): Format {
  const ranges = (accept || '*/*').slice(0, LONGEST).split(',').map(readRange);
  const quality = (format: Format) => {
    const [type] = format.split('/');
    const of = (name: string) => ranges.find((range) => range.name === name)?.quality;
    return of(format) ?? of(`${type}/*`) ?? of('*/*') ?? 0;
  };
  const [best] = formats.toSorted((a, b) => quality(b) - quality(a));
  if (quality(best!) > 0) return best!;
  throw new ProblemError(
    problemOf('not-acceptable', `samples come as ${formats.join(', ')}; accept one of them`),
  );
}

function readRange(text: string) {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const quality = q === undefined ? 1 : Number(q.slice(2));
  return { name, quality: Number.isNaN(quality) ? 0 : quality };
}

/** Most bytes of values that are written as JSON, which takes several times as many. */
const JSON_BYTES = 2 ** 23;

/**
 * Checks that samples can have a format, before anything is walked.
 *
 * @param shape of one example.
 * @param bytes of all values.
 * @throws ProblemError (406) with the formats that they can have.
 */
export function checkFormat(format: Format, shape: readonly number[], bytes: number): void {
  const isLarge = bytes > JSON_BYTES;
  if (format === 'image/png' ? isPictured(shape) : format !== 'application/json' || !isLarge)
    return;
  const others = formats.filter(
    (other) => other !== format && (other !== 'image/png' || isPictured(shape)),
  );
  const accepted = isLarge ? others.filter((other) => other !== 'application/json') : others;
  const problem =
    format === 'image/png'
      ? `the model's examples have shape [${shape.join(', ')}] and are no images`
      : `the samples are ${bytes} bytes of values, above the ${JSON_BYTES} that are written as JSON`;
  throw new ProblemError(
    problemOf('not-acceptable', `${problem}; accept ${accepted.join(' or ')}`, {
      facts: { accept: accepted },
    }),
  );
}

/** Answers with the samples of a job. */
export async function answerSamples(
  context: Context,
  job: Job,
  format: Format,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = await encode(samplesOf(job), job, format);
  return context.body(body, 200, {
    ...headers,
    'content-type': format,
    vary: 'Accept',
    'mdensity-seed': String(job.request.seed),
  });
}

async function encode(samples: Samples, job: Job, format: Format) {
  const { data, shape, steps } = samples;
  if (format === 'application/x-npy') return asBytes(encodeNpy(data, shape));
  if (format === 'image/png') {
    const last = drawOf(data, shape, shape[1] - 1);
    return asBytes(await encodePng(gridPicture(last, shape.slice(2))));
  }
  const { request, model } = job;
  return JSON.stringify({
    model: model.name,
    seed: request.seed,
    shape,
    steps,
    data: Array.from(data),
  });
}

const asBytes = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
