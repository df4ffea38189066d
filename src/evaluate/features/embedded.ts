import { z } from 'zod';
import { decodeSafeTensors, encodeSafeTensors, type NamedArray } from '../../data/safetensors.ts';
import { UserError } from '../../errors.ts';
import { constant, type Device, GraphError } from '../../graph/index.ts';
import { joinWeights } from '../../model/index.ts';
import { bindParameters, listParameters } from '../../nn/index.ts';
import { compileFeatures, type FeatureNetwork } from '../feature-network.ts';
import {
  type ClassifierConfig,
  classifierNetwork,
  classifierSchema,
  classify,
  nameParameters,
} from './classifier.ts';

/** Feature networks that come with the package, `assets/features/<name>.safetensors`. */
export const embeddedFeatureNames = ['mnist', 'fashion', 'cifar10', 'digits8'] as const;

export type EmbeddedFeatureName = (typeof embeddedFeatureNames)[number];

const cardSchema = z.strictObject({
  /** Names the network, and the distances made with it: `fd-<name>`. */
  name: z.string().min(1),
  network: classifierSchema,
  /** Name of each class. */
  classes: z.array(z.string()),
  /** What it was trained on, in words, and on how many images. */
  data: z.string(),
  trained: z.int().min(1),
  /** Share of images classified rightly, of `heldOut` that it was not trained on. */
  accuracy: z.number().min(0).max(1),
  heldOut: z.int().min(1),
});

/** What a file says of its network. */
export type FeatureCard = z.output<typeof cardSchema>;

export interface EmbeddedFeatures extends FeatureNetwork {
  readonly card: FeatureCard;
}

export interface EmbeddedFeatureOptions {
  /** Names the weights in errors. Default `<name>.safetensors`. */
  readonly source?: string;
  /** Images of one call of the runtime. Default 64. */
  readonly batch?: number;
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads on the CPU; default: every core. */
  readonly threads?: number;
}

/** Metadata key under which a file keeps its card, as JSON. */
const CARD = 'mdensity.features';

/**
 * Writes the bytes of a feature network's file: safetensors in half precision, with the card in its
 * metadata.
 */
export function encodeFeatures(
  card: FeatureCard,
  tensors: Readonly<Record<string, NamedArray>>,
): Uint8Array {
  const metadata = { [CARD]: JSON.stringify(cardSchema.parse(card)) };
  return encodeSafeTensors({ tensors, metadata }, { half: true });
}

/**
 * Opens a feature network from its weights: for images `[n, ...shape]` in [0, 1], the last layer
 * before the classes, `[n, D]`, and the logits `[n, K]`.
 *
 * @throws UserError, one line, for bytes that are no feature network, are one of another name, or
 * have weights that do not fit their configuration.
 */
export async function embeddedFeatures(
  name: EmbeddedFeatureName,
  weights: Uint8Array,
  options: EmbeddedFeatureOptions = {},
): Promise<EmbeddedFeatures> {
  const { source = `${name}.safetensors`, batch = 64, ...device } = options;
  const { card, parameters } = decodeFeatures(weights, source);
  if (card.name !== name) {
    throw new UserError(
      `${source}: holds the ${card.name} features, not ${name}; give its own file`,
      { code: 'mismatch', facts: { source, name: card.name, wanted: name } },
    );
  }
  const { network, classes } = card;
  const constants = Object.fromEntries(
    Object.entries(parameters).map(([key, { shape, data }]) => [key, constant(data, shape, key)]),
  );
  const compiled = await compileFeatures({
    name,
    shape: network.shape,
    classes,
    batch,
    build: (images) => classify(network, bindParameters(constants), images),
    ...device,
  });
  return { ...compiled, card };
}

/** Card and weights of a file, checked against each other. */
function decodeFeatures(weights: Uint8Array, source: string) {
  const { tensors, metadata } = decodeSafeTensors(weights, source);
  const card = readCard(metadata[CARD], source);
  const { network, classes } = card;
  if (classes.length !== network.classes) {
    throw new UserError(
      `${source}: names ${classes.length} classes, its network has ${network.classes}; use another file`,
      { code: 'unreadable', facts: { source, classes: classes.length, network: network.classes } },
    );
  }
  const specs = parametersOf(network, source);
  return { card, parameters: nameParameters(specs, joinWeights(specs, tensors, source)) };
}

function parametersOf(network: ClassifierConfig, source: string) {
  try {
    return listParameters(classifierNetwork(network), network.shape);
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new UserError(`${source}: its network cannot be built, ${cause.message}`, {
      code: 'unreadable',
      facts: { source },
      cause,
    });
  }
}

function readCard(json: string | undefined, source: string): FeatureCard {
  if (json === undefined) {
    throw new UserError(
      `${source}: is no feature network of mdensity; give one of assets/features`,
      { code: 'unreadable', facts: { source } },
    );
  }
  try {
    return cardSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new UserError(`${source}: its description cannot be read; use another file`, {
      code: 'unreadable',
      facts: { source },
      cause,
    });
  }
}
