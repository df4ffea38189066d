import { splitHash } from './link.ts';
import { type ViewName, viewNames } from './view-names.ts';

const isView = (name: string): name is ViewName => (viewNames as readonly string[]).includes(name);

const wanted = () => splitHash(location.hash).view;

let current = $state(wanted());
addEventListener('hashchange', () => {
  current = wanted();
});

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
};

const visited: Partial<Record<ViewName, string>> = $state({});

/** Where the header leads for a view: to what it showed last. */
export const hashOf = (view: ViewName): string => visited[view] ?? `#/${view}`;

/** Keeps a view's hash for when the reader comes back to it. */
export function rememberHash(view: ViewName, hash: string): void {
  visited[view] = hash;
}
