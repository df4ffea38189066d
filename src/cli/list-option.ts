import { z } from 'zod';

/** Reads a list of a YAML file, or text with commas; what is named twice counts once. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z
    .union([z.array(z.unknown()), z.number(), z.string()])
    .transform((given) =>
      Array.isArray(given)
        ? given
        : String(given)
            .split(',')
            .map((part) => part.trim()),
    )
    .pipe(z.array(item).min(1))
    .transform((items) => [...new Set(items)])
    .optional();
