import { UserError } from '../../errors.ts';

/**
 * Loads sharp, which decodes and resizes pictures. It is large and few programs need it, so that it
 * is not installed with this package.
 *
 * @throws `UserError` of code `unsupported` where it is not installed, with the command that
 *   installs it.
 */
export async function loadSharp(): Promise<typeof import('sharp').default> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new UserError(
      'Pictures are read by the package sharp, which cannot be loaded here: run npm install sharp.',
      { code: 'unsupported', facts: { package: 'sharp' }, cause },
    );
  }
}
