/** Walks by the server that the page comes from, for models that are too large for a tab. */
import {
  type Client,
  createClient,
  type ModelDescription,
  ProblemError,
  type SampledJump,
  type SampleJob,
  type SampleRequest,
} from '../../../../src/client/index.ts';

/** What the panel shows. */
export interface ServerShown {
  /** Models of pictures; absent until the server has said them. */
  models: readonly ModelDescription[] | undefined;
  /** The server asks for an API key, or refuses the one it was given. */
  needsKey: boolean;
  playing: boolean;
  /** How far the walk is, in words. */
  progress: string;
  note: { readonly kind: 'info' | 'error'; readonly text: string } | undefined;
  /** The last jump of the walk. */
  jump: SampledJump | undefined;
}

/** A server, and the walk that it makes for this page. */
export interface ServerWalk {
  readonly shown: ServerShown;
  /** Asks for the models. */
  connect(apiKey?: string): Promise<void>;
  /** Sends a walk and shows its jumps as they come, to its end. */
  play(request: SampleRequest): Promise<void>;
  /** Takes the walk back; what has come stays. */
  pause(): void;
}

/** Where `mdensity serve` has the studio. */
const PLACE = '/studio/';

/** Tells whether a page may come from `mdensity serve`, without asking anybody. */
export const isServed = ({ pathname }: Pick<Location, 'pathname'>): boolean =>
  pathname.startsWith(PLACE);

const isPictures = ({ shape }: ModelDescription) =>
  shape.length === 3 && (shape[0] === 1 || shape[0] === 3);

const AWAY = 'The server does not answer.';

/** Makes a walk at a server; nothing is asked of it yet. */
export function createServerWalk(
  url: string,
  fetch: (request: Request) => Promise<Response> = (request) => globalThis.fetch(request),
): ServerWalk {
  const shown: ServerShown = $state({
    models: undefined,
    needsKey: false,
    playing: false,
    progress: '',
    note: undefined,
    jump: undefined,
  });
  let client: Client;
  let walking: AbortController | undefined;

  /** Says that the server is away while its stream is waited for, and no more when it answers. */
  async function asking(request: Request): Promise<Response> {
    try {
      const response = await fetch(request);
      if (shown.note?.text.startsWith(AWAY)) shown.note = undefined;
      return response;
    } catch (error) {
      if (shown.playing && !walking?.signal.aborted) {
        shown.note = { kind: 'error', text: `${AWAY} It is asked again until it does, or Pause.` };
      }
      throw error;
    }
  }

  async function connect(apiKey?: string): Promise<void> {
    client = createClient({ url, fetch: asking, ...(apiKey && { apiKey }) });
    try {
      shown.models = (await client.models()).filter(isPictures);
      [shown.needsKey, shown.note] = [false, undefined];
    } catch (error) {
      const status = error instanceof ProblemError ? error.problem.status : 0;
      shown.needsKey = status === 401;
      // A page that lies there by chance has no server.
      if (status === 401 && apiKey) shown.note = { kind: 'error', text: 'The key is refused.' };
    }
  }

  async function play(request: SampleRequest): Promise<void> {
    if (walking) return;
    const own = new AbortController();
    walking = own;
    const { signal } = own;
    let job: SampleJob | undefined;
    Object.assign(shown, { playing: true, note: undefined, progress: 'waits for its turn' });
    try {
      // Without the signal: a job that is not known cannot be taken back.
      job = await client.sample(request);
      signal.throwIfAborted();
      const draws = job.shape[1]!;
      shown.progress = `walks, seed ${job.seed}`;
      for await (const jump of job.jumps({ signal })) {
        shown.jump = jump;
        shown.progress = `jump ${jump.jump} of ${draws}, step ${jump.step}, seed ${job.seed}`;
      }
    } catch (error) {
      if (signal.aborted) await job?.cancel().catch(() => {});
      else shown.note = { kind: 'error', text: wordsOf(error) };
    } finally {
      [walking, shown.playing] = [undefined, false];
    }
  }

  return {
    shown,
    connect,
    play,
    pause: () => walking?.abort(),
  };
}

/** Says why there is no walk, and what can be done. */
function wordsOf(error: unknown): string {
  if (!(error instanceof ProblemError)) {
    return `${AWAY} See whether mdensity serve still runs, then play again.`;
  }
  const { problem, retryAfter } = error;
  if (problem.status === 429) {
    const when = retryAfter === undefined ? 'later' : `in ${retryAfter} s`;
    return `The server is full: ${problem.detail.replace(/; try again.*$/, '')}. Play again ${when}.`;
  }
  return `The server refuses: ${problem.detail}`;
}
