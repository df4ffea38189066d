/** API keys: who may ask. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { UserError } from '../errors.ts';

/** Finds whose a key is. */
export interface Keys {
  /** False where nobody needs one. */
  readonly areNeeded: boolean;
  /** Name of whose key the header `Authorization` holds; nothing where it is not known. */
  ownerOf(authorization: string | undefined): string | undefined;
}

/** Fewest characters of a key: fewer can be guessed. */
const SHORTEST = 16;

/** A key in base64 is the same with its padding and without. */
const digest = (key: string) => createHash('sha256').update(unpadded(key)).digest();

const unpadded = (key: string) => key.replace(/=+$/, '');

/**
 * Reads keys from text, `key` or `name=key`, separated by commas; without any everybody may ask.
 *
 * @throws UserError for a key that is too short.
 */
export function readKeys(text = ''): Keys {
  const known = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part, i) => {
      // Padding at the end of a key makes no name of what is before it.
      const [, name = `key-${i + 1}`, key] = /^(?:([\w.-]+)=(?=[^=]))?(.*)$/.exec(part)!;
      if (unpadded(key!).length >= SHORTEST) return { name, hash: digest(key!) };
      throw new UserError(
        `MDENSITY_API_KEYS: ${name} has ${unpadded(key!).length} characters; give keys of at least ${SHORTEST}, such as those of openssl rand -hex 16`,
        { facts: { option: 'MDENSITY_API_KEYS', name } },
      );
    });
  return {
    areNeeded: known.length > 0,
    ownerOf: (authorization) => {
      if (known.length === 0) return 'anyone';
      const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
      if (given === undefined) return undefined;
      const hash = digest(given);
      return known.find((key) => timingSafeEqual(key.hash, hash))?.name;
    },
  };
}
