import { linkSchema, whole } from '../../link.ts';

/** What a link to this view holds. */
export const schema = linkSchema(1, { seed: whole(0, { min: 0 }) });
