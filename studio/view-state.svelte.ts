import { decodeLink, encodeLink, type LinkSchema, type LinkState, splitHash } from './link.ts';
import { hashOf, rememberHash, withPage } from './route.svelte.ts';
import { type ViewName, viewNames } from './view-names.ts';

/** Milliseconds of rest before a change stands in the address. */
const REST = 200;
/** Changes that can be taken back. */
const KEPT = 100;

/** A view's state and what was wrong with the link it came from. */
export interface ViewState<S> {
  /** Change it as you like: the address follows. */
  readonly state: LinkState<S>;
  /** What could not be read of the link; `dismiss` clears it. */
  readonly problem: string | undefined;
  /** Whether there is a change to take back, or one that was taken back to make again. */
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** The address of this state, whole. */
  link(): string;
  dismiss(): void;
  /** Puts every value to its default. */
  reset(): void;
  /** Takes the last change back, or makes it again. */
  undo(): void;
  redo(): void;
}

/**
 * Holds a view's state in the address: reads it from there at the start and whenever it changes,
 * writes it back shortly after a value did. Call it once while the view's component starts.
 */
export function useViewState<S extends LinkSchema>(view: ViewName, schema: S): ViewState<S> {
  const first = decodeLink(schema, queryOf(view));
  const state = $state(first.state);
  let problem = $state(first.problem);
  // Hashes before and after the one that stands now.
  let past = $state.raw<readonly string[]>([]);
  let future = $state.raw<readonly string[]>([]);
  let stands = encodeLink(view, schema, first.state);
  /** The address that this state is of. */
  let known = location.hash;

  const now = () => encodeLink(view, schema, $state.snapshot(state) as LinkState<S>);
  const take = (hash: string) =>
    Object.assign(state as object, decodeLink(schema, splitHash(hash).query).state);

  const write = () => {
    const hash = now();
    rememberHash(view, hash);
    if (hash !== stands) {
      past = [...past.slice(1 - KEPT), stands];
      future = [];
      stands = hash;
    }
    const { view: shown } = splitHash(location.hash);
    // A damaged link stays in the address until something is changed.
    if (shown !== view && (viewNames as readonly string[]).includes(shown)) return;
    // A link that was followed just now is read next, and must be there to be read.
    if (location.hash !== known) return;
    const address = withPage(hash);
    if (location.hash !== address) history.replaceState(history.state, '', address);
    known = location.hash;
  };
  const read = () => {
    known = location.hash;
    if (splitHash(location.hash).view !== view) return;
    const decoded = decodeLink(schema, queryOf(view));
    Object.assign(state as object, decoded.state);
    problem = decoded.problem;
  };

  let written: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    write();
  };
  $effect(() => {
    // Reads every value, so that any change runs this again.
    const hash = now();
    if (written === undefined) rememberHash(view, hashAsGiven(view));
    else if (hash !== written) {
      clearTimeout(timer);
      timer = setTimeout(flush, REST);
    }
    written = hash;
  });

  /** Goes to the last of `from`; what stands now can be come back to. */
  function travel(from: readonly string[]): string | undefined {
    const to = from.at(-1);
    if (to === undefined) return undefined;
    const left = stands;
    stands = to;
    take(to);
    return left;
  }
  function undo(): void {
    flush();
    const left = travel(past);
    if (left !== undefined) [past, future] = [past.slice(0, -1), [...future, left]];
  }
  function redo(): void {
    flush();
    const left = travel(future);
    if (left !== undefined) [past, future] = [[...past, left], future.slice(0, -1)];
  }
  function key(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== 'z')
      return;
    // A field of text has an undo of its own.
    if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return;
    event.preventDefault();
    if (event.shiftKey) redo();
    else undo();
  }
  $effect(() => {
    addEventListener('hashchange', read);
    addEventListener('pagehide', flush);
    addEventListener('keydown', key);
    return () => {
      removeEventListener('hashchange', read);
      removeEventListener('pagehide', flush);
      removeEventListener('keydown', key);
      flush();
    };
  });

  return {
    state,
    get problem() {
      return problem;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    link: () => new URL(now(), location.href).href,
    dismiss: () => {
      problem = undefined;
    },
    reset: () => {
      Object.assign(state as object, decodeLink(schema, '').state);
    },
    undo,
    redo,
  };
}

const queryOf = (view: ViewName): string => {
  const { view: shown, query } = splitHash(location.hash);
  return shown === view ? query : '';
};

const hashAsGiven = (view: ViewName): string => {
  const { view: shown, query } = splitHash(location.hash);
  if (shown !== view) return hashOf(view);
  const kept = query.split('&').filter((part) => part !== '' && !/^(embed|tour)=/.test(part));
  return kept.length === 0 ? `#/${view}` : `#/${view}?${kept.join('&')}`;
};
