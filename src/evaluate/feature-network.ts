import { UserError } from '../errors.ts';
import { compile, type Device, input, type Shape, sizeOf, type Tensor } from '../graph/index.ts';

/** A network whose features stand for images where distances are measured. */
export interface FeatureNetwork {
  /** Names what is measured with it: `fd-<name>`. */
  readonly name: string;
  /** Shape of one image, `[channels, height, width]`; values lie in [0, 1]. */
  readonly shape: Shape;
  /** Number of features D. */
  readonly dimension: number;
  /** Names of the K classes that it tells apart; empty where it does not classify. */
  readonly classes: readonly string[];
  /** Any number n of images `[n, ...shape]`. The arrays are the receiver's. */
  run(images: Float32Array): Promise<ImageFeatures>;
  release(): Promise<void>;
}

export interface ImageFeatures {
  /** `[n, D]`. */
  readonly features: Float32Array;
  /** Unnormalised log-probabilities of the classes, `[n, K]`. */
  readonly logits: Float32Array;
}

export interface FeatureNetworkOptions {
  readonly name: string;
  readonly shape: Shape;
  readonly classes?: readonly string[];
  /**
   * Features `[batch, D]`, and logits `[batch, K]` where there are classes, of images `[batch,
   * ...shape]`.
   */
  readonly build: (images: Tensor) => { readonly features: Tensor; readonly logits?: Tensor };
  /** Images of one call of the runtime. */
  readonly batch: number;
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
}

/** Compiles a network with its weights inside. */
export async function compileFeatures({
  name,
  shape,
  classes = [],
  build,
  batch,
  device = 'cpu',
  threads,
}: FeatureNetworkOptions): Promise<FeatureNetwork> {
  const images = input('images', [batch, ...shape]);
  const { features, logits } = build(images);
  const outputs = { features, ...(logits && { logits }) };
  const program = await compile({
    inputs: { images },
    outputs,
    device,
    ...(threads && { threads }),
  });
  const [size, dimension] = [sizeOf(shape), sizeOf(features.shape) / batch];
  const fed = new Float32Array(batch * size);
  const run = async (values: Float32Array): Promise<ImageFeatures> => {
    const count = values.length / size;
    const all = {
      features: new Float32Array(count * dimension),
      logits: new Float32Array(count * classes.length),
    };
    for (let start = 0; start < count; start += batch) {
      const rows = Math.min(batch, count - start);
      // What is left of the images before fills up the last batch; its rows are not read.
      fed.set(values.subarray(start * size, (start + rows) * size));
      const made = (await program({ images: fed })) as Partial<Record<string, Float32Array>>;
      const { features, logits } = made;
      all.features.set(features!.subarray(0, rows * dimension), start * dimension);
      if (logits) all.logits.set(logits.subarray(0, rows * classes.length), start * classes.length);
    }
    return all;
  };
  return {
    name,
    shape,
    dimension,
    classes,
    run: async (values) => {
      checkWholeImages(name, values, shape);
      return run(values);
    },
    release: program.release,
  };
}

function checkWholeImages(name: string, { length }: Float32Array, shape: Shape): void {
  if (length % sizeOf(shape) === 0) return;
  throw new UserError(
    `${name} features: ${length} values are no whole number of images [${shape.join(', ')}]`,
    { code: 'shape', facts: { shape, values: length } },
  );
}

/** Takes the pixels themselves as features, for images that no network was trained on. */
export function pixelFeatures(shape: Shape): FeatureNetwork {
  const dimension = sizeOf(shape);
  return {
    name: 'pixels',
    shape,
    dimension,
    classes: [],
    run: async (images) => {
      checkWholeImages('pixels', images, shape);
      return { features: images.slice(), logits: new Float32Array(0) };
    },
    release: async () => {},
  };
}
