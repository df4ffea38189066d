import { flag, linkSchema } from '../../link.ts';
import { targetFields } from '../../target/fields.ts';

/** What a link to this view holds. */
export const schema = linkSchema(1, { ...targetFields, arrows: flag(true) });
