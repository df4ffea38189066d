import { decodeLink, encodeLink, type LinkSchema, type LinkState, splitHash } from './link.ts';
import { hashOf, rememberHash } from './route.svelte.ts';
import { type ViewName, viewNames } from './view-names.ts';

/** Milliseconds of rest before a change stands in the address. */
const REST = 200;

/** A view's state and what was wrong with the link it came from. */
export interface ViewState<S> {
  /** Change it as you like: the address follows. */
  readonly state: LinkState<S>;
  /** What could not be read of the link; `dismiss` clears it. */
  readonly problem: string | undefined;
  dismiss(): void;
  /** Puts every value to its default. */
  reset(): void;
}

/**
 * A view's state, held in the address: read from it at the start and whenever it changes, written
 * back shortly after a value did. Call it once while the view's component starts.
 */
export function useViewState<S extends LinkSchema>(view: ViewName, schema: S): ViewState<S> {
  const first = decodeLink(schema, queryOf(view));
  const state = $state(first.state);
  let problem = $state(first.problem);

  const write = () => {
    const hash = encodeLink(view, schema, $state.snapshot(state) as LinkState<S>);
    rememberHash(view, hash);
    const { view: shown } = splitHash(location.hash);
    // A damaged link stays in the address until something is changed.
    if (shown !== view && (viewNames as readonly string[]).includes(shown)) return;
    if (location.hash !== hash) history.replaceState(history.state, '', hash);
  };
  const read = () => {
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
    const hash = encodeLink(view, schema, $state.snapshot(state) as LinkState<S>);
    if (written === undefined) rememberHash(view, hashAsGiven(view));
    else if (hash !== written) {
      clearTimeout(timer);
      timer = setTimeout(flush, REST);
    }
    written = hash;
  });
  $effect(() => {
    addEventListener('hashchange', read);
    addEventListener('pagehide', flush);
    return () => {
      removeEventListener('hashchange', read);
      removeEventListener('pagehide', flush);
      flush();
    };
  });

  return {
    state,
    get problem() {
      return problem;
    },
    dismiss: () => {
      problem = undefined;
    },
    reset: () => {
      Object.assign(state as object, decodeLink(schema, '').state);
    },
  };
}

const queryOf = (view: ViewName): string => {
  const { view: shown, query } = splitHash(location.hash);
  return shown === view ? query : '';
};

const hashAsGiven = (view: ViewName): string =>
  splitHash(location.hash).view === view ? location.hash : hashOf(view);
