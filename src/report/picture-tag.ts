import { existsSync } from 'node:fs';
import { loadSharp } from '../data/node/sharp.ts';
import { UserError } from '../errors.ts';
import { readBytes } from '../files.ts';
import { imageTag } from './page.ts';

/**
 * Bytes of a picture that goes into a page as it is, and pixels across of one that is made smaller.
 */
const [LARGEST, WIDTH] = [500_000, 1200] as const;

/**
 * Puts a picture's file inside the page; gives nothing where there is no such file. A large one is
 * made smaller where the package sharp is installed, so that the page is opened on a phone.
 */
export async function pictureTag(path: string, alternative: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const bytes = await readBytes(path);
  if (bytes.length <= LARGEST) return imageTag(bytes, alternative);
  const sharp = await loadSharp().catch(() => undefined);
  if (!sharp) return imageTag(bytes, alternative);
  try {
    const small = sharp(bytes).resize({ width: WIDTH, withoutEnlargement: true });
    return imageTag(await small.webp({ quality: 85 }).toBuffer(), alternative, 'webp');
  } catch (cause) {
    throw new UserError(`${path}: is no picture that can be read; remove it`, { cause });
  }
}
