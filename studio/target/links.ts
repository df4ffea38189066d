import { decodeLink, encodeLink, type LinkSchema, type LinkState, splitHash } from '../link.ts';
import { hashOf } from '../route.svelte.ts';
import type { ViewName } from '../view-names.ts';
import { sharedPart, type TargetState } from './fields.ts';

/** A link to another view with this one's target and noise, and otherwise as it was left. */
export function linkWithTarget<S extends LinkSchema>(
  view: ViewName,
  schema: S,
  state: TargetState,
): string {
  const left = decodeLink(schema, splitHash(hashOf(view)).query).state;
  return encodeLink(view, schema, { ...left, ...sharedPart(state) } as LinkState<S>);
}
