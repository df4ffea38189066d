import type { Command } from 'commander';
import { z } from 'zod';
import { readNpy, writeNpy } from '../data/node/index.ts';
import { sizeOf } from '../data/shape.ts';
import { gaussianNoise, mDensity } from '../density/index.ts';
import { UserError } from '../errors.ts';
import { mapInto } from '../map-into.ts';
import { densityHelp, loadDensity } from '../run/density-file.ts';
import { addOptions, defineOptions, globalOptions, readOptions } from './options.ts';
import { createOutput } from './output.ts';

const bayesOptions = defineOptions({
  density: { flags: '--density <file.json|name>', description: densityHelp, schema: z.string() },
  sigma: {
    flags: '--sigma <σ>',
    description: 'noise of one measurement; not for Poisson',
    schema: z.number().positive().optional(),
  },
  points: {
    flags: '--points <y.npy>',
    description: 'measurements, [n, M, d] or [n, d], or the y.npy of a walk',
    schema: z.string(),
  },
  out: { flags: '--out <xhat.npy>', description: 'estimates, [n, d]', schema: z.string() },
});

const examples = `
Examples:
  mdensity bayes --density two-moons --sigma 0.5 --points y.npy --out xhat.npy
  mdensity bayes --density mixture.json --sigma 1 --points y.npy --out xhat.npy --json`;

/** Adds the command `mdensity bayes`. */
export function bayesCommand(parent: Command): void {
  const command = addOptions(
    parent.command('bayes').description('the Bayes estimator x̂ = E[x | y] of a known density'),
    bayesOptions,
  );
  command.addHelpText('after', examples).action(async () => {
    const { density: spec, sigma, points, out } = await readOptions(bayesOptions, command);
    const density = await loadDensity(spec);
    const { data, shape } = await readNpy(points);
    const d = density.dimension;
    if (shape.length < 2 || shape.at(-1) !== d) {
      throw new UserError(
        `${points}: has shape [${shape.join(', ')}]; ${spec} needs [..., M, ${d}] or [n, ${d}]`,
      );
    }
    const [measurements, lead] =
      shape.length === 2 ? [1, shape.slice(0, 1)] : [shape.at(-2)!, shape.slice(0, -2)];
    const count = sizeOf(lead);
    const y = mapInto(new Float64Array(data.length), data as ArrayLike<number | bigint>, Number);
    const bad = y.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new UserError(`${points}: element ${bad} is ${y[bad]}; measurements must be finite`);
    const xhat = new Float64Array(count * d);
    if (density.type === 'poisson') density.observe(measurements).estimate(y, xhat);
    else {
      if (sigma === undefined)
        throw new UserError('--sigma: is missing; give the noise of one measurement');
      mDensity(density, gaussianNoise(sigma, measurements)).estimate(y, xhat);
    }
    await writeNpy(out, xhat, [...lead, d]);
    const result = { out, count, measurements, dimension: d };
    createOutput(globalOptions(command)).result(result, `wrote ${out}: ${count} estimates`);
  });
}
