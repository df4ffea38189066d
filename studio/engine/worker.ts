/** The worker: the library's engine behind `Engine`, so that the page never waits for a number. */
import { expose, type ProxyMarked, proxy, transfer } from 'comlink';
import { UserError } from '../../src/errors.ts';
import { readTrainedModel } from '../../src/model/weights.ts';
import { type HeldModel, holdModel } from './models.ts';
import { advancePlane, type PlaneChains, planeMeasurements, startPlane } from './plane-walk.ts';
import type { Engine, FrameListener, WalkControls, WalkFrame } from './protocol.ts';
import { createTraining } from './trainings.ts';
import { createWalk } from './walks.ts';

const held = new Map<number, HeldModel>();
/** Walks of each model. */
const walks = new Map<number, WalkControls[]>();
/** Walks in the plane, by their places. */
const planes = new Map<number, PlaneChains>();
let lastId = 0;

const engine: Engine = {
  openModel: async (bytes, name, options, onDevice) => {
    const model = await holdModel(bytes, name, options, onDevice);
    lastId += 1;
    held.set(lastId, model);
    return { ...model.facts, id: lastId };
  },
  closeModel: async (id) => {
    const model = held.get(id);
    held.delete(id);
    const own = walks.get(id) ?? [];
    walks.delete(id);
    // A session that is closed under a step fails it.
    await Promise.all(own.map((walk) => walk.close()));
    await model?.release();
  },
  denoise: async (id, z) => {
    const out = new Float32Array(z.length);
    const { model, facts } = modelOf(id);
    await (model.counts ? model : model.at(facts.sigma)).denoise(z, out);
    return transfer(out, [out.buffer]);
  },
  startWalk: async (id, settings, onFrame, onFailure, onMeasured) => {
    const { model } = modelOf(id);
    const walk = createWalk(model, settings, handingOver(onFrame), onFailure, onMeasured);
    walks.set(id, [...(walks.get(id) ?? []), walk]);
    return proxy(walk);
  },
  beginPlane: (place, walk) => {
    planes.delete(place);
    const { model } = walk;
    planes.set(place, startPlane(walk, model === undefined ? undefined : modelOf(model)));
  },
  advancePlane: async (place, wish) => {
    const chains = planes.get(place);
    if (!chains) throw new UserError('this walk was ended; start it again');
    const steps = await advancePlane(chains, wish, () => planes.get(place) === chains);
    const { ybar, xhat, acceptance, y } = steps;
    const arrays = [ybar, xhat, acceptance, y].flatMap((array) => array?.buffer ?? []);
    return transfer(steps, arrays);
  },
  measurementsInPlane: (place, chain) => {
    const chains = planes.get(place);
    return chains ? planeMeasurements(chains, chain) : new Float32Array(0);
  },
  startTraining: async (request, onSteps, onFailure, onDevice) =>
    proxy(await createTraining(request, { onSteps, onFailure, onDevice })),
  readTrained: readTrainedModel,
};

/** @throws UserError for a model that was closed. */
function modelOf(id: number): HeldModel {
  const model = held.get(id);
  if (model) return model;
  throw new UserError('this model was closed; open it again');
}

/** Frames change hands, they are not copied. */
const handingOver =
  (onFrame: FrameListener & ProxyMarked): FrameListener =>
  (frame: WalkFrame) => {
    const { ybar, xhat, acceptance } = frame;
    const buffers = [ybar.buffer, xhat.buffer, ...(acceptance ? [acceptance.buffer] : [])];
    return onFrame(transfer(frame, buffers));
  };

expose(engine);
