/** Asks the worker what the draws say, never more than one question at a time. */
import { type Remote, releaseProxy, transfer, wrap } from 'comlink';
import type { TargetChoice } from '../../target/fields.ts';
import type { Diagnosis, Question } from './diagnostics.ts';
import type { Calls } from './diagnostics-worker.ts';
import type { WalkRecord } from './record.ts';

/** Milliseconds from one question to the next. */
const EVERY = 600;
/** Milliseconds for which settings rest before the exact law is asked for. */
const REST = 250;

export interface Observer {
  readonly diagnosis: Diagnosis | undefined;
  /** The exact law of both coordinates, in bins. */
  readonly exact: readonly [Float64Array, Float64Array] | undefined;
}

export interface Observed {
  readonly choice: TargetChoice;
  /** σ̃, in the unit of x. */
  readonly sigma: number;
  readonly question: Question;
}

/** Call it while a component starts. `record` is the one of now. */
export function observer(observed: () => Observed, record: () => WalkRecord | undefined): Observer {
  let diagnosis = $state.raw<Diagnosis>();
  let exact = $state.raw<Observer['exact']>();
  let worker: Worker | undefined;
  let remote: Remote<Calls> | undefined;
  /** Starts the worker when there is something to ask. */
  const calls = (): Remote<Calls> => {
    worker ??= new Worker(new URL('./diagnostics-worker.ts', import.meta.url), { type: 'module' });
    remote ??= wrap<Calls>(worker);
    return remote;
  };

  $effect(() => {
    const { choice, sigma, question } = observed();
    let current = true;
    const timer = setTimeout(async () => {
      if (!record()) return;
      const law = await calls().exactHistograms(choice, sigma, question);
      if (current) exact = law;
    }, REST);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  });

  $effect(() => {
    const { question } = observed();
    let asked: WalkRecord | undefined;
    let drawn = -1;
    let waiting = false;
    const ask = async () => {
      const now = record();
      if (waiting || !now || (now === asked && now.drawn === drawn)) return;
      [asked, drawn] = [now, now.drawn];
      if (drawn === 0) {
        diagnosis = undefined;
        return;
      }
      waiting = true;
      const draws = now.draws();
      const data = draws[question.of];
      const answer = await calls().diagnose(
        transfer({ data, shape: draws.shape }, [data.buffer]),
        question,
      );
      waiting = false;
      // A walk that began again in the meantime has its own answer to come.
      if (record() === now) diagnosis = answer;
    };
    void ask();
    const timer = setInterval(ask, EVERY);
    return () => clearInterval(timer);
  });

  $effect(() => () => {
    remote?.[releaseProxy]();
    worker?.terminate();
  });

  return {
    get diagnosis() {
      return diagnosis;
    },
    get exact() {
      return exact;
    },
  };
}
