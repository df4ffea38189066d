/** What the examples of a model are. */
import type { Alphabet } from '../../../src/data/alphabet.ts';
import { UserError } from '../../../src/errors.ts';
import type { ModelFacts } from '../../engine/protocol.ts';

/** Channels, height and width of a picture. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of one-hot sequences, whose picture has a row for each letter and a column for each position. */
  readonly alphabet?: Alphabet;
}

/** Whether examples of two shapes are of one kind. */
export const sameShape = (a: ImageShape, b: ImageShape): boolean =>
  a.channels === b.channels &&
  a.height === b.height &&
  a.width === b.width &&
  a.alphabet?.letters === b.alphabet?.letters;

/** Shape of one example, as the library has it. */
export const dimensionsOf = ({ channels, height, width, alphabet }: ImageShape): number[] =>
  alphabet ? [height, width] : [channels, height, width];

/**
 * The pictures that a model makes; of sequences those of their letters.
 * @throws UserError for a model of something else.
 */
export function imageShapeOf(
  { shape, config }: Pick<ModelFacts, 'shape' | 'config'>,
  name: string,
): ImageShape {
  const { alphabet } = config ?? {};
  if (alphabet) return { channels: 1, height: shape[0]!, width: shape[1]!, alphabet };
  const [channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || ![1, 3, 4].includes(channels)) {
    throw new UserError(
      `${name}: its examples are of [${shape.join(', ')}] and neither pictures nor sequences; open a model of [channels, height, width] with 1, 3 or 4 channels, or one with an alphabet`,
    );
  }
  return { channels, height, width };
}
