import { UserError } from '../../errors.ts';
import { constant, type Device, type Shape } from '../../graph/index.ts';
import { compareWeights, describeReport, type NamedWeights } from '../../model/index.ts';
import { bindParameters, listParameters, type ParameterSpec } from '../../nn/index.ts';
import { compileFeatures, type FeatureNetwork } from '../feature-network.ts';
import { inception } from './network.ts';

export interface InceptionOptions {
  /** Of pytorch-fid's file, by its names. */
  readonly weights: NamedWeights;
  /** Names the weights' file in errors. */
  readonly source?: string;
  /** Of one image, `[3, height, width]` or `[1, height, width]`; values lie in [0, 1]. */
  readonly shape: Shape;
  /** Images of one call of the runtime, about 30 MB of memory each. Default 4. */
  readonly batch?: number;
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
}

/**
 * What the file holds beside the features' part: counters, and classifiers that FID has no use for.
 */
const unused = /(^|\.)num_batches_tracked$|^(fc|AuxLogits)\./;

/**
 * Opens the features that FID is measured with, 2,048 of an image, from the network and the weights
 * of pytorch-fid. Images are resized to 299 × 299 as there, gray ones repeated.
 * @throws UserError for images of another number of channels, and for weights that lack a
 * parameter, have one in another shape, or have others.
 */
export async function openInception({
  weights,
  source = 'Inception weights',
  shape,
  batch = 4,
  ...rest
}: InceptionOptions): Promise<FeatureNetwork> {
  const [channels] = shape;
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new UserError(
      `Inception features: are of images [1 or 3, height, width], not [${shape.join(', ')}]`,
      { code: 'shape', facts: { shape } },
    );
  }
  const specs = listParameters(inception, shape);
  checkWeights(specs, weights, source);
  const bound = specs.map(
    ({ name, shape: needed }) => [name, constant(weights[name]!.data, needed)] as const,
  );
  const scope = bindParameters(Object.fromEntries(bound));
  return compileFeatures({
    name: 'inception',
    shape,
    batch,
    build: (images) => ({ features: inception(scope, images) }),
    ...rest,
  });
}

function checkWeights(
  specs: readonly ParameterSpec[],
  weights: NamedWeights,
  source: string,
): void {
  const used = Object.entries(weights).filter(([name]) => !unused.test(name));
  const report = compareWeights(specs, Object.fromEntries(used));
  if (report.matched === specs.length && report.extra.length === 0) return;
  throw new UserError(
    `${source}: is not FID's Inception network: ${describeReport(report)}; ${report.matched} of ${specs.length} parameters fit. Give pytorch-fid's pt_inception-2015-12-05-6726825d.pth`,
    { code: 'mismatch', facts: { source, matched: report.matched, wanted: specs.length } },
  );
}
