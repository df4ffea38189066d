import { splitHash } from './link.ts';
import { shareTarget } from './target/share.ts';
import { type ViewName, viewNames } from './view-names.ts';

const isView = (name: string): name is ViewName => (viewNames as readonly string[]).includes(name);

const wanted = () => splitHash(location.hash).view;
const parameters = () => new URLSearchParams(splitHash(location.hash).query);

let current = $state(wanted());
let embedded = $state(parameters().get('embed') === '1');
let stop = $state(stopOf(parameters()));
addEventListener('hashchange', () => {
  current = wanted();
  embedded = parameters().get('embed') === '1';
  stop = stopOf(parameters());
});

function stopOf(given: URLSearchParams): number | undefined {
  const at = Number(given.get('tour'));
  return Number.isInteger(at) && at > 0 ? at : undefined;
}

/** Where the page is: the view of the hash. */
export const route = {
  /** The view to show; the first one where the hash names none that there is. */
  get view(): ViewName {
    return isView(current) ? current : viewNames[0]!;
  },
  /** A name in the hash that is no view. */
  get unknown(): string | undefined {
    return current === '' || isView(current) ? undefined : current;
  },
  /** Whether the page is a part of another one, such as a slide: `embed=1`. */
  get embedded(): boolean {
    return embedded;
  },
  /** The stop of the guided tour, from 1: `tour=3`; undefined where there is none. */
  get stop(): number | undefined {
    return stop;
  },
};

/** Adds the page's own parameters to a view's hash. */
export function withPage(
  hash: string,
  {
    embed = embedded,
    tour = stop,
  }: { readonly embed?: boolean; readonly tour?: number | undefined } = {},
): string {
  const own = [...(embed ? ['embed=1'] : []), ...(tour ? [`tour=${tour}`] : [])];
  if (own.length === 0) return hash;
  return `${hash}${hash.includes('?') ? '&' : '?'}${own.join('&')}`;
}

const visited: Partial<Record<ViewName, string>> = $state({});
/**
 * The view of a density of the plane that was shown last: the others take its density and noise.
 */
let source = $state<ViewName>();

/**
 * Where the header leads for a view: to what it showed last, with the density that was shown last.
 */
export function hashOf(view: ViewName): string {
  const own = visited[view] ?? `#/${view}`;
  const from = source === undefined ? undefined : visited[source];
  return view === 'images' || from === undefined ? own : shareTarget(own, from);
}

/** Keeps a view's hash for when the reader comes back to it. */
export function rememberHash(view: ViewName, hash: string): void {
  visited[view] = hash;
  if (view !== 'images' && view === route.view) source = view;
}
