import { UserError } from '../errors.ts';
import { didYouMean } from '../nearest.ts';

/** Which way a metric improves. */
export type Better = 'lower' | 'higher';

/** When a run ends before its last step. */
export interface StoppingRule {
  /** Name of the metric. */
  readonly metric: string;
  readonly better: Better;
  /** Evaluations without improvement after which the run ends. */
  readonly patience: number;
}

/** Metrics of one evaluation, by name. */
export interface Evaluation {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Where a run stands by its rule. */
export interface Standing {
  readonly best: Best | undefined;
  /** Evaluations of the metric since the best one. */
  readonly waited: number;
  readonly stop: boolean;
}

/** The evaluation with the best value of the metric; the first of equals. */
export interface Best {
  readonly metric: string;
  readonly step: number;
  readonly value: number;
}

/**
 * Tells where a run stands after these evaluations, oldest first. Nothing else is remembered: a
 * resumed run reads them from `metrics.jsonl`.
 */
export function standing(evaluations: readonly Evaluation[], rule: StoppingRule): Standing {
  const { metric, better, patience } = rule;
  let best: Best | undefined;
  let waited = 0;
  for (const { step, metrics } of evaluations) {
    const value = metrics[metric];
    if (value === undefined) continue;
    const improves =
      best === undefined || (better === 'lower' ? value < best.value : value > best.value);
    waited = improves ? 0 : waited + 1;
    if (improves) best = { metric, step, value };
  }
  return { best, waited, stop: waited >= patience };
}

/**
 * Makes the rule of a run, from its settings and the metrics that its evaluators report.
 * @throws UserError for a metric that nothing reports.
 */
export function stoppingRule(
  { stopMetric, patience }: { readonly stopMetric?: string | undefined; readonly patience: number },
  metrics: Readonly<Record<string, Better>>,
): StoppingRule | undefined {
  if (stopMetric === undefined) return undefined;
  const better = Object.hasOwn(metrics, stopMetric) ? metrics[stopMetric] : undefined;
  if (better !== undefined) return { metric: stopMetric, better, patience };
  const names = Object.keys(metrics);
  const there =
    names.length > 0 ? `there are: ${names.join(', ')}` : 'nothing is evaluated in this run';
  const fix = stopMetric === 'validationLoss' ? '; hold out examples, such as validation 1000' : '';
  throw new UserError(
    `stopMetric ${stopMetric}: is not reported${fix || `; ${there}`}.${didYouMean(stopMetric, names)}`,
    {
      code: 'not-found',
      facts: { option: 'stopMetric', options: ['validation'], value: stopMetric, known: names },
    },
  );
}
