import { linkSchema } from '../../link.ts';
import { fieldsOf, flag } from '../../settings/setting.ts';
import { targetFields } from '../../target/fields.ts';

/** What is drawn. */
export const shownSettings = {
  arrows: flag({
    title: 'Score as arrows',
    default: true,
    explain:
      'The gradient of the logarithm of the density: where to go for more of it. An arrow is half as long as the spacing where σ̃ times the score is 1, and never longer than it.',
    equation: 'score',
  }),
  clean: flag({
    title: 'Clean density beside it',
    default: false,
    explain:
      'The density of x itself, without noise, as grey dots: 900 exact draws of it. Noise fills the gaps between them.',
    equation: 'smoothing',
  }),
};

/** What a link to this view holds. */
export const schema = linkSchema(1, { ...targetFields, ...fieldsOf(shownSettings) });
