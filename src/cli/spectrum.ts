import type { Command } from 'commander';
import { z } from 'zod';
import { readNpy } from '../data/node/index.ts';
import {
  type GaussianNoise,
  gaussianNoise,
  gaussianSpectrum,
  gaussianSpectrumOf,
  unequalGaussianNoise,
} from '../density/index.ts';
import { UserError } from '../errors.ts';
import { writeBytes } from '../files.ts';
import { spectrumFigure } from '../report/figures.ts';
import { loadDensity } from '../run/index.ts';
import {
  addOptions,
  defineOptions,
  globalOptions,
  type OptionValues,
  readOptions,
} from './options.ts';
import { createOutput } from './output.ts';

/** Numbers separated by commas, or a list in YAML. */
const numbers = z
  .union([z.string(), z.number(), z.array(z.number())])
  .transform((value) => (typeof value === 'string' ? value.split(',').map(Number) : [value].flat()))
  .refine((values) => values.every(Number.isFinite), 'must be numbers separated by commas');

const spectrumOptions = defineOptions({
  variances: {
    flags: '--variances <list>',
    description: 'variances τ² of x along its axes, such as 4,1,0.05',
    schema: numbers.optional(),
  },
  covariance: {
    flags: '--covariance <file.npy>',
    description: 'covariance of x, [d, d], instead of variances',
    schema: z.string().optional(),
  },
  density: {
    flags: '--density <file.json>',
    description: 'a density of type gaussian, instead of variances',
    schema: z.string().optional(),
  },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of every measurement',
    schema: z.number().optional(),
  },
  measurements: {
    flags: '--measurements <M>',
    description: 'with --sigma',
    schema: z.int().min(1).default(1),
  },
  sigmas: {
    flags: '--sigmas <list>',
    description: 'noise of each measurement, such as 0.5,1,2, instead of --sigma',
    schema: numbers.optional(),
  },
  out: {
    flags: '--out <file.svg>',
    description: 'draw the spectrum',
    schema: z.string().optional(),
  },
});

const examples = `
Examples:
  mdensity spectrum --variances 4,1,0.05 --sigma 1.3 --measurements 5
  mdensity spectrum --variances 4,1,0.05 --sigmas 0.5,1,2,0.7 --out spectrum.svg
  mdensity spectrum --density gaussian.json --sigma 0.5

gaussian.json: {"type": "gaussian", "mean": [0, 0], "covariance": [[4, 1.5], [1.5, 1]]}`;

/** Adds the command `mdensity spectrum`. */
export function spectrumCommand(parent: Command): void {
  const command = addOptions(
    parent
      .command('spectrum')
      .description('eigenvalues and condition number of the M-density of a Gaussian'),
    spectrumOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const output = createOutput(globalOptions(command));
    const options = await readOptions(spectrumOptions, command);
    const spectrum = await spectrumOf(options);
    if (options.out !== undefined) {
      const figure = spectrumFigure(spectrum.eigenvalues);
      await writeBytes(options.out, new TextEncoder().encode(figure));
    }
    const lines = spectrum.eigenvalues.map(
      ({ value, multiplicity }) => `${value.toPrecision(6).padStart(14)}  × ${multiplicity}`,
    );
    output.result(
      spectrum,
      `eigenvalues of the precision\n${lines.join('\n')}\ncondition number ${spectrum.conditionNumber.toPrecision(6)}`,
    );
  });
}

async function spectrumOf(options: OptionValues<typeof spectrumOptions>) {
  const { variances, covariance, density } = options;
  const given = [variances, covariance, density].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new UserError('--variances: give these, --covariance or --density, one of them');
  }
  const noise = noiseOf(options);
  if (density !== undefined) return gaussianSpectrumOf(await covarianceOf(density), noise);
  if (variances !== undefined) return gaussianSpectrum(variances, noise);
  const { data, shape } = await readNpy(covariance!);
  const size = shape[0] ?? 0;
  if (shape.length !== 2 || shape[1] !== size) {
    throw new UserError(`${covariance}: has shape [${shape.join(', ')}]; a covariance is [d, d]`);
  }
  const values = Array.from(data as ArrayLike<number>, Number);
  const rows = Array.from({ length: size }, (_, i) => values.slice(i * size, (i + 1) * size));
  return gaussianSpectrumOf(rows, noise);
}

/** The covariance of a density that is one Gaussian. */
async function covarianceOf(spec: string) {
  const density = await loadDensity(spec);
  if (density.type === 'gaussian') return density.covariance;
  throw new UserError(
    `--density ${spec}: is of type ${density.type}; only a gaussian has one spectrum everywhere`,
    { code: 'unsupported', facts: { option: 'density', type: density.type } },
  );
}

function noiseOf({
  sigma,
  sigmas,
  measurements,
}: OptionValues<typeof spectrumOptions>): GaussianNoise {
  if ((sigma === undefined) === (sigmas === undefined)) {
    throw new UserError('--sigma: give either this (with --measurements) or --sigmas');
  }
  return sigmas === undefined ? gaussianNoise(sigma!, measurements) : unequalGaussianNoise(sigmas);
}
