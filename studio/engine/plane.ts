/**
 * The page's side of walks in the plane. They have a worker of their own, so that a training that
 * goes on in the other does not hold them up.
 */
import { proxy } from 'comlink';
import type { ModelFacts, PlaneSteps, PlaneWalk, PlaneWish } from './protocol.ts';
import { engineWorker } from './workers.ts';

const { ask, whenBroken } = engineWorker('plane');

/** A place in the worker for one walk after another. Its calls are answered in their order. */
export interface PlaneWalker {
  /** @see Engine.beginPlane */
  begin(walk: PlaneWalk): Promise<void>;
  /** @see Engine.advancePlane */
  advance(wish: PlaneWish): Promise<PlaneSteps>;
  /** @see Engine.measurementsInPlane */
  measurements(chain: number): Promise<Float32Array>;
}

let places = 0;

/** Takes a place. Nothing is started before its first walk. */
export function planeWalker(): PlaneWalker {
  places += 1;
  const place = places;
  /** Why the worker that has the walk is no more: the one after it does not know the walk. */
  let lost: Error | undefined;
  return {
    begin: (walk) => {
      lost = undefined;
      const begun = ask((engine) => engine.beginPlane(place, walk));
      whenBroken((error) => {
        lost = error;
      });
      return begun;
    },
    advance: async (wish) => {
      if (lost) throw lost;
      return ask((engine) => engine.advancePlane(place, wish));
    },
    measurements: (chain) => ask((engine) => engine.measurementsInPlane(place, chain)),
  };
}

/** Opens a learned ν for walks in the plane; `onGone` hears when the worker that has it breaks down. */
export async function openInPlane(
  bytes: Uint8Array,
  name: string,
  onGone: () => void,
): Promise<ModelFacts> {
  const facts = await ask((engine) =>
    engine.openModel(
      bytes,
      name,
      { device: 'cpu' },
      proxy(() => {}),
    ),
  );
  whenBroken(onGone);
  return facts;
}

/** Gives a learned ν back. */
export const closeInPlane = (id: number): Promise<void> => ask((engine) => engine.closeModel(id));
