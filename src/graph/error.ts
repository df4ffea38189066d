import { UserError } from '../errors.ts';

/** A graph that cannot be built or run as written: shapes, types, names, devices. */
export class GraphError extends UserError {
  override readonly name = 'GraphError';
}
