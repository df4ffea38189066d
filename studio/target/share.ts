/** The density and its noise, taken from one view's link into another's. */

/** Names that every view of a density of the plane has in its link, with the same meaning. */
const shared = ['target', 'points', 'centres', 'sigma', 'M', 'hold'];

/**
 * Returns a hash with the density and noise of another one: what that leaves out is at its default.
 */
export function shareTarget(hash: string, from: string): string {
  const [path = '', own = ''] = hash.split('?');
  const [, given = ''] = from.split('?');
  const parts = (query: string, keep: (name: string) => boolean) =>
    query.split('&').filter((part) => part !== '' && keep(part.split('=')[0]!));
  const rest = parts(own, (name) => name !== 'v' && !shared.includes(name));
  const target = parts(given, (name) => shared.includes(name));
  if (rest.length + target.length === 0) return path;
  const version = parts(own, (name) => name === 'v')[0] ?? 'v=1';
  return `${path}?${[version, ...target, ...rest].join('&')}`;
}
