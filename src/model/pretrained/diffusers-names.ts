/** Names of `UNet2DModel`'s parameters, of releases old and new, and those of our U-Net. */
import { UserError } from '../../errors.ts';
import type { UNetConfig } from '../../nn/index.ts';
import { oneLine } from '../../quoted.ts';
import type { NamedWeights, WeightArray } from '../weights.ts';

/** Layers of a residual block, theirs and ours. */
const ofResBlock = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
} as const;

/** What makes queries, keys and values, in new releases and in old ones. */
const projections = [
  ['to_q', 'query'],
  ['to_k', 'key'],
  ['to_v', 'value'],
] as const;

const outside = {
  conv_in: 'input_blocks.0.0',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  conv_norm_out: 'out.0',
  conv_out: 'out.2',
} as const;

/** A place of theirs and of ours, and what stands there. */
interface Place {
  readonly theirs: string;
  readonly ours: string;
  readonly kind: 'layer' | 'block' | 'attention';
}

/** Lists every place of a network for images of a height, those that it has not among them. */
function placesOf(config: UNetConfig, height: number): readonly Place[] {
  const { channelMult, numResBlocks: layers, attentionResolutions } = config;
  const { upAttentionResolutions: up = attentionResolutions } = config;
  const places: Place[] = [];
  const put = (kind: Place['kind'], theirs: string, ours: string) =>
    places.push({ theirs, ours, kind });
  const isSong = config.layout === 'song';
  const resample = (way: 'down' | 'up', level: number, ours: string) => {
    const theirs = `${way}_blocks.${level}`;
    const name = { down: 'op', up: 'conv' }[way];
    if (isSong) put('block', `${theirs}.resnet_${way}`, ours);
    else if (config.resample === 'block') put('block', `${theirs}.${way}samplers.0`, ours);
    else put('layer', `${theirs}.${way}samplers.0.conv`, `${ours}.${name}`);
  };
  for (const [theirs, ours] of Object.entries(outside)) put('layer', theirs, ours);
  for (let level = 0; level < channelMult.length; level++) {
    const down = (j: number) => `input_blocks.${1 + level * (layers + 1) + j}`;
    for (let j = 0; j < layers; j++) {
      put('block', `down_blocks.${level}.resnets.${j}`, `${down(j)}.0`);
      put('attention', `down_blocks.${level}.attentions.${j}`, `${down(j)}.1`);
    }
    resample('down', level, `${down(layers)}.0`);
    if (isSong) {
      put('layer', `down_blocks.${level}.skip_conv`, `input_images.${level}`);
      put('layer', `up_blocks.${level}.skip_norm`, `output_images.${level}.0`);
      put('layer', `up_blocks.${level}.skip_conv`, `output_images.${level}.2`);
    }
    const above = (j: number) => `output_blocks.${level * (layers + 1) + j}`;
    const attends = up.includes(height / 2 ** (channelMult.length - 1 - level));
    for (let j = 0; j <= layers; j++) {
      put('block', `up_blocks.${level}.resnets.${j}`, `${above(j)}.0`);
      // Of NCSN++ the last block alone attends.
      const at = isSong ? j - layers : j;
      if (attends && at >= 0) {
        put('attention', `up_blocks.${level}.attentions.${at}`, `${above(j)}.1`);
      }
    }
    resample('up', level, `${above(layers)}.${attends ? 2 : 1}`);
  }
  const isAlone = config.middleAttention === 'none';
  put('block', 'mid_block.resnets.0', 'middle_block.0');
  if (!isAlone) put('attention', 'mid_block.attentions.0', 'middle_block.1');
  put('block', 'mid_block.resnets.1', `middle_block.${isAlone ? 1 : 2}`);
  return places;
}

const kinds = ['weight', 'bias'] as const;

/** Pairs of names, theirs and ours, of all that is one array in both. */
function pairsOf(config: UNetConfig, height: number): readonly (readonly [string, string])[] {
  const layers = placesOf(config, height).flatMap(({ kind, theirs, ours }) => {
    if (kind === 'layer') return [[theirs, ours] as const];
    if (kind === 'attention') {
      return [
        [`${theirs}.group_norm`, `${ours}.norm`] as const,
        [`${theirs}.to_out.0`, `${ours}.proj_out`] as const,
        [`${theirs}.proj_attn`, `${ours}.proj_out`] as const,
      ];
    }
    return Object.entries(ofResBlock).map(
      ([name, own]) => [`${theirs}.${name}`, `${ours}.${own}`] as const,
    );
  });
  const all = layers.flatMap(([theirs, ours]) =>
    kinds.map((kind) => [`${theirs}.${kind}`, `${ours}.${kind}`] as const),
  );
  return [...all, ['class_embedding.weight', 'label_emb.weight']];
}

/**
 * Gives `UNet2DModel`'s weights our names; the three layers of an attention become one. What is not
 * known keeps its name, so that a comparison says it. `source` names the file in errors.
 *
 * @throws UserError for an attention that lacks a part.
 */
export function fromDiffusersNames(
  weights: NamedWeights,
  config: UNetConfig,
  height: number,
  source: string,
): NamedWeights {
  const left = new Map(Object.entries(weights));
  const made: Record<string, WeightArray> = {};
  const take = (name: string) => {
    const array = left.get(name);
    left.delete(name);
    return array;
  };
  for (const [theirs, ours] of pairsOf(config, height)) {
    const array = take(theirs);
    if (array) made[ours] = array;
  }
  for (const { kind, theirs, ours } of placesOf(config, height)) {
    if (kind !== 'attention') continue;
    for (const each of kinds) {
      const parts = projections.map((names) => {
        const found = names.map((name) => take(`${theirs}.${name}.${each}`)).find(Boolean);
        return found;
      });
      if (parts.every((part) => part === undefined)) continue;
      made[`${ours}.qkv.${each}`] = stacked(parts, `${theirs}`, each, source);
    }
  }
  return { ...made, ...Object.fromEntries(left) };
}

/** Three arrays one behind the other along their first axis. */
function stacked(
  parts: readonly (WeightArray | undefined)[],
  place: string,
  each: string,
  source: string,
): WeightArray {
  const missing = parts.indexOf(undefined);
  if (missing >= 0) {
    const name = `${place}.${projections[missing]![0]}.${each}`;
    throw new UserError(`${source}: lacks ${oneLine(name, 120)}; get the file again`, {
      code: 'mismatch',
      facts: { path: source, missing: [name] },
    });
  }
  const all = parts as readonly WeightArray[];
  const [rows, ...rest] = all[0]!.shape as readonly [number, ...number[]];
  const data = new Float32Array(all.reduce((sum, part) => sum + part.data.length, 0));
  let start = 0;
  for (const part of all) {
    data.set(part.data, start);
    start += part.data.length;
  }
  return { shape: [all.length * rows, ...rest], data };
}

/**
 * Gives weights of our U-Net the names and shapes of `UNet2DModel`, of its present release.
 *
 * @throws UserError for a parameter that has no place there.
 */
export function toDiffusersNames(
  weights: NamedWeights,
  config: UNetConfig,
  height: number,
): NamedWeights {
  const left = new Map(Object.entries(weights));
  const made: Record<string, WeightArray> = {};
  for (const [theirs, ours] of pairsOf(config, height)) {
    const array = left.get(ours);
    if (array === undefined || /\.proj_attn\./.test(theirs)) continue;
    const flat = /\.proj_out\.weight$/.test(ours);
    made[theirs] = flat ? { ...array, shape: array.shape.slice(0, 2) } : array;
  }
  for (const [, ours] of pairsOf(config, height)) left.delete(ours);
  for (const { kind, theirs, ours } of placesOf(config, height)) {
    if (kind !== 'attention') continue;
    for (const each of kinds) {
      const array = left.get(`${ours}.qkv.${each}`);
      if (array === undefined) continue;
      left.delete(`${ours}.qkv.${each}`);
      const size = array.data.length / projections.length;
      const channels = array.shape[0]! / projections.length;
      projections.forEach(([name], i) => {
        const data = array.data.subarray(i * size, (i + 1) * size);
        const shape = each === 'bias' ? [channels] : [channels, array.shape[1]!];
        made[`${theirs}.${name}.${each}`] = { shape, data };
      });
    }
  }
  const [unknown] = left.keys();
  if (unknown === undefined) return made;
  throw new UserError(`parameter ${unknown}: has no place in UNet2DModel; export as safetensors`, {
    code: 'unsupported',
    facts: { name: unknown },
  });
}
