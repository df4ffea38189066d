/** One walk of some chains of a request. */
import { type BayesEstimator, effectiveNoise } from '../../density/index.ts';
import { UserError } from '../../errors.ts';
import type { ClassChoice } from '../../model/index.ts';
import type { Work } from '../../progress.ts';
import { conditionOfChains } from '../../run/index.ts';
import { fixedBy, type Jump, walkJump } from '../../sample/index.ts';
import { steered } from '../../sampling/walk.ts';
import type { SampleRequest } from '../request.ts';
import type { WalkTask } from './protocol.ts';
import type { SharedModel } from './shared-runs.ts';

/**
 * Walks the chains of a task; each is what it would be if the request were walked alone.
 *
 * @throws UserError as `walkJump`, and for what the model does not know.
 */
export function walkTask(
  { request, walk, firstChain, chains }: WalkTask,
  model: SharedModel,
  { signal, onStep }: Pick<Work, 'signal'> & { readonly onStep: (step: number) => void },
): AsyncGenerator<Jump, void, undefined> {
  return walkJump(densityOf(model, request, { firstChain, chains }), {
    ...walk,
    chains,
    ...fixedOf(request.template, model),
    firstChain,
    ...(signal && { signal }),
    onProgress: ({ step }) => onStep(step),
  });
}

/** What says which density is walked, and under which classes. */
type Asked = Pick<SampleRequest, 'sigma' | 'measurements' | 'class' | 'chains' | 'beta' | 'clip'>;

/**
 * Gives the density of some chains of a request; all of them, unless it is said.
 *
 * @throws UserError for a level or a class that the model does not know.
 */
export function densityOf(
  model: SharedModel,
  request: Asked,
  part: Pick<WalkTask, 'firstChain' | 'chains'> = { firstChain: 0, chains: request.chains },
): BayesEstimator {
  const { sigma, measurements = 1 } = request;
  const level = sigma === undefined ? undefined : effectiveNoise(sigma, measurements);
  const all = conditionOfChains(request.class, request.chains).class as
    | readonly ClassChoice[]
    | undefined;
  const classes = all?.slice(part.firstChain, part.firstChain + part.chains);
  return steered(model.walker(level, classes), request);
}

function fixedOf(template: string | undefined, { file }: SharedModel) {
  if (template === undefined) return {};
  const alphabet = file.config?.alphabet;
  if (alphabet === undefined) {
    throw new UserError(
      'template: is for models of sequences, and this one makes something else; leave it out',
      { code: 'mismatch', facts: { option: 'template' } },
    );
  }
  if (file.rate !== undefined) {
    throw new UserError(
      'template: letters are kept in walks of Gaussian noise, and this model is of counts; leave it out',
      { code: 'mismatch', facts: { option: 'template' } },
    );
  }
  return { fixed: fixedBy(template, { alphabet, length: file.shape[1]! }) };
}
