/** A page without views for the browser tests: the engine, by the name `engine` of the window. */
import * as box from '../engine/box.ts';
import * as engine from '../engine/engine.ts';

const harness = { ...box, ...engine };

export type Harness = typeof harness;

Object.assign(window, { engine: harness });
