/** What a server counts, for Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Runs } from './child/protocol.ts';
import type { Job } from './job.ts';

/** The counts of one server. */
export interface Metrics {
  readonly registry: Registry;
  request(method: string, route: string, status: number, seconds: number): void;
  over(job: Job, seconds: number): void;
  runs(runs: Runs): void;
  death(): void;
}

/** What is measured when somebody asks. */
export interface MetricsSource {
  queued(): number;
  running(): number;
  ready(): number;
}

/** Makes the counts of a server. */
export function createMetrics(source: MetricsSource, { ofProcess = false } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'mdensity_request_seconds',
    help: 'Time to answer, by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const jobs = new Histogram({
    name: 'mdensity_job_seconds',
    help: 'Time from the request to the end of a job, by model and how it ended',
    labelNames: ['model', 'status'],
    buckets: [0.1, 0.5, 1, 5, 20, 60, 300, 1800],
    registers,
  });
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const runs = counter('mdensity_runs_total', 'Runs of networks');
  const rows = counter('mdensity_run_rows_total', 'Examples in runs of networks');
  const seconds = counter('mdensity_run_seconds_total', 'Time in runs of networks');
  const deaths = counter('mdensity_worker_deaths_total', 'Processes that died');
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('mdensity_jobs_queued', 'Jobs that wait', source.queued);
  gauge('mdensity_jobs_running', 'Jobs that are walked', source.running);
  gauge('mdensity_workers_ready', 'Processes that are ready', source.ready);
  return {
    registry,
    request: (method, route, status, time) => requests.observe({ method, route, status }, time),
    over: ({ model, status }, time) => jobs.observe({ model: model.name, status }, time),
    runs: (made) => {
      runs.inc(made.runs);
      rows.inc(made.rows);
      seconds.inc(made.seconds);
    },
    death: () => deaths.inc(),
  };
}
