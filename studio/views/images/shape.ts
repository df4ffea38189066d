/** What the examples of a model are. */
import { UserError } from '../../../src/errors.ts';
import type { ModelFacts } from '../../engine/protocol.ts';

/** Channels, height and width of a picture. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * The pictures that a model makes.
 * @throws UserError for a model of something else, or of counts.
 */
export function imageShapeOf(
  model: Pick<ModelFacts, 'shape' | 'config'>,
  name: string,
): ImageShape {
  const { shape, config } = model;
  if (config?.noise.type === 'poisson') {
    throw new UserError(
      `${name}: is a model of counts, and this view walks models of normal noise; use mdensity sample`,
    );
  }
  const [channels = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || ![1, 3, 4].includes(channels)) {
    throw new UserError(
      `${name}: its examples are of [${shape.join(', ')}] and no pictures; open a model of [channels, height, width] with 1, 3 or 4 channels`,
    );
  }
  return { channels, height, width };
}
