/** Commands as jobs: a worker runs them in a folder of its own. */
import type { Job } from '../../queue/index.ts';
import { encodeJson, type FileReference, putObject, type Store } from '../../store/index.ts';

/** Names of a command's files where a worker runs it: what it writes, and its model. */
export const commandFiles = {
  result: 'mdensity-result',
  model: 'mdensity-model/model.onnx',
} as const;

/**
 * Makes the job of a command, given its arguments and the files that they name. With `jumps`, those
 * of a walk are told as they are made: parts, each an array `[chains, ...example]` as NPY.
 */
export async function commandJob(
  store: Store,
  args: readonly string[],
  needs: readonly FileReference[],
  { jumps = false } = {},
): Promise<Job> {
  return {
    kind: 'command/run',
    common: await putObject(store, encodeJson({})),
    own: { args, needs, ...(jumps && { jumps }) },
  };
}
