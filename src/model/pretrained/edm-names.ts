/** Names of the parameters of NVlabs/edm's networks, and those of our U-Net. */
import type { NamedWeights, WeightArray } from '../weights.ts';
import type { PublishedModule } from './recipe.ts';

/** Modules by their paths. */
export type Modules = Readonly<Record<string, PublishedModule>>;

/** Layers of a block, theirs and ours: those of its residual part, and of its attention. */
const ofBlock = {
  norm0: 'in_layers.0',
  conv0: 'in_layers.2',
  affine: 'emb_layers.1',
  norm1: 'out_layers.0',
  conv1: 'out_layers.3',
  skip: 'skip_connection',
} as const;
const ofAttention = { norm2: 'norm', qkv: 'qkv', proj: 'proj_out' } as const;

/** Names of layers, ours by theirs. */
function layersOf(modules: Modules, weights: NamedWeights): ReadonlyMap<string, string> {
  const layers = new Map([
    ['model.map_layer0', 'time_embed.0'],
    ['model.map_layer1', 'time_embed.2'],
    ['model.map_label', 'label_emb'],
    ['model.out_norm', 'out.0'],
    ['model.out_conv', 'out.2'],
  ]);
  const put = (theirs: string, block: string, attention?: string) => {
    for (const [name, own] of Object.entries(ofBlock)) {
      layers.set(`${theirs}.${name}`, `${block}.${own}`);
    }
    for (const [name, own] of attention ? Object.entries(ofAttention) : []) {
      layers.set(`${theirs}.${name}`, `${attention}.${own}`);
    }
  };
  const made = { in: 0, out: 0, shown: 0, seen: 0 };
  let last = '';
  const paths = Object.keys(modules);
  const images = paths.filter((path) => path.endsWith('_aux_conv')).length;
  /** Of images that levels make the last is the network's. */
  const shown = () => (made.shown < images - 1 ? `output_images.${made.shown}` : 'out');
  for (const path of paths) {
    const [, way, name] = /^model\.(enc|dec)\.\d+x\d+_([a-z]+)[^.]*$/.exec(path) ?? [];
    const kind = /_(aux_\w+|in[01])$/.exec(path)?.[1] ?? name;
    if (kind === 'aux_residual' || kind === 'aux_skip') {
      layers.set(path, `input_images.${made.seen++}`);
    } else if (kind === 'aux_norm') layers.set(path, `${shown()}.0`);
    else if (kind === 'aux_conv') {
      layers.set(path, `${shown()}.2`);
      made.shown++;
    } else if (kind === 'in0') put(path, 'middle_block.0', 'middle_block.1');
    else if (kind === 'in1') put(path, 'middle_block.2');
    else if (kind === 'conv') layers.set(path, `input_blocks.${made.in++}.0`);
    else if (kind === 'up') {
      const attends = Object.hasOwn(weights, `${last}.qkv.weight`);
      put(path, `output_blocks.${made.out - 1}.${attends ? 2 : 1}`);
    } else if (kind === 'block' || kind === 'down') {
      const place = way === 'enc' ? `input_blocks.${made.in++}` : `output_blocks.${made.out++}`;
      put(path, `${place}.0`, `${place}.1`);
      last = path;
    }
  }
  return layers;
}

/**
 * What is no parameter here: filters and frequencies, which the network's configuration has, and
 * what sampling is not told, the labels of augmentation, zeros in a layer without a bias.
 */
const isLeft = (name: string) =>
  /\.resample_filter$/.test(name) ||
  ['u', 'model.map_noise.freqs', 'model.map_augment.weight'].includes(name);

/**
 * Gives weights our names. What is not known keeps its name, so that a comparison says it.
 *
 * @param isScaled whether classes are as large as the root of their number, as DDPM++ and NCSN++
 *   have them.
 */
export function fromEdmNames(
  weights: NamedWeights,
  modules: Modules,
  { isScaled }: { readonly isScaled: boolean },
): NamedWeights {
  const layers = layersOf(modules, weights);
  const renamed = Object.entries(weights).flatMap(([name, array]) => {
    if (isLeft(name) || name === 'model.map_label.bias') return [];
    const at = name.lastIndexOf('.');
    const layer = layers.get(name.slice(0, at));
    if (layer === undefined) return [[name, array] as const];
    const own = `${layer}${name.slice(at)}`;
    if (layer === 'label_emb') {
      const bias = weights['model.map_label.bias'];
      return [[own, classesOf(array, isScaled, bias)] as const];
    }
    if (!layer.endsWith('.qkv')) return [[own, array] as const];
    const heads = modules[name.slice(0, name.lastIndexOf('.qkv.'))]?.settings.num_heads;
    return [[own, byHeads(array, Number(heads))] as const];
  });
  return Object.fromEntries(renamed);
}

/**
 * Rows (head, channel, query or key or value) as (head, query or key or value, channel); of heads
 * that they do not split into, which the network refuses, as they are.
 */
function byHeads({ shape, data }: WeightArray, heads: number): WeightArray {
  const rows = shape[0] ?? 0;
  if (rows % (3 * heads) !== 0) return { shape, data };
  const width = data.length / rows;
  const size = rows / (3 * heads);
  const made = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const [head, channel, which] = [
      Math.floor(row / (3 * size)),
      Math.floor(row / 3) % size,
      row % 3,
    ];
    const to = (head * 3 + which) * size + channel;
    made.set(data.subarray(row * width, (row + 1) * width), to * width);
  }
  return { shape, data: made };
}

/** A layer's columns, one for each class, as rows that are added: with the scale and the bias. */
function classesOf(
  { shape, data }: WeightArray,
  isScaled: boolean,
  bias?: WeightArray,
): WeightArray {
  const [width, classes] = shape as readonly [number, number];
  const scale = isScaled ? Math.sqrt(classes) : 1;
  const made = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [feature, label] = [Math.floor(i / classes), i % classes];
    made[label * width + feature] = scale * data[i]! + (bias?.data[feature] ?? 0);
  }
  return { shape: [classes, width], data: made };
}
