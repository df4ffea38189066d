export type { Limits } from './limits.ts';
export { usualLimits } from './limits.ts';
export type { ServedQueue } from './queue-walkers.ts';
export {
  createLog,
  type Log,
  type SampleServer,
  type ServerOptions,
  startServer,
} from './server.ts';
