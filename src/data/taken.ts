import { listed } from '../quoted.ts';
import type { Dataset } from './dataset.ts';

/**
 * Describes what of its source a data set was made of, in lines for people: what was taken, what
 * was passed over, and other choices. Empty where there was nothing to choose.
 */
export function describeTaken({ taken }: Pick<Dataset, 'taken'>): string[] {
  if (taken === undefined) return [];
  const { part, examples, labels, passedOver, notes } = taken;
  const isPlain = part === undefined && passedOver.length === 0 && notes.length === 0;
  if (isPlain) return [];
  const of = part === undefined ? '' : ` (the ${part} part)`;
  const classes = labels === undefined ? ', no labels' : `, labels ${labels}`;
  const passed = passedOver.length > 0 ? `; passed over ${listed(passedOver, 8)}` : '';
  return [`took ${examples}${of}${classes}${passed}`, ...notes];
}
