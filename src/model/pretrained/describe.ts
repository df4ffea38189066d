/** What a model tells its network as the time, in words. */
import type { ModelConfig } from '../config.ts';
import { levelsOf } from '../model.ts';
import { noiseOfSteps, type ScheduleConfig, stepOfNoise } from '../schedule.ts';

const short = (value: number) => `${Number(value.toPrecision(5))}`;

/**
 * Says which time the network is told: of one level the real step, and what the steps beside it
 * are; of a family how a level becomes a time.
 */
export function describeTime(config: ModelConfig): string {
  const { diffusion } = config;
  const levels = levelsOf(config);
  if (diffusion === undefined || levels === undefined) return '';
  const { time, range } = diffusion;
  const width = range[1] - range[0];
  const level = 'values' in levels && levels.values.length === 1 ? levels.values[0] : undefined;
  if ('factor' in time) {
    const { factor, over = 1 } = time;
    const unit = width / over;
    const told = level === undefined ? '' : ` = ${short(factor * Math.log(unit * level))}`;
    return `time: ${factor} ln(${unit}σ̃)${told}`;
  }
  if ('rates' in time) {
    return `time: ${time.unit} t, where β rises from ${time.rates.map(short).join(' to ')}`;
  }
  const { schedule, unit } = time;
  const name = nameOf(schedule);
  const times = unit === 1 ? '' : `, told times ${unit}`;
  if (level === undefined) {
    return `time: the step of ${name}${times}; between steps linear in log σ`;
  }
  const noise = noiseOfSteps(schedule);
  const step = stepOfNoise(schedule, width * level);
  const beside = [...new Set([Math.floor(step), Math.ceil(step)])];
  const known = beside.map((each) => `step ${each} is σ̃ = ${short(noise[each]! / width)}`);
  return `time: step ${short(step)} of ${name}${times} (${known.join(', ')})`;
}

function nameOf(schedule: ScheduleConfig): string {
  const steps = schedule.type === 'betas' ? schedule.betas.length : schedule.steps;
  return `${schedule.type}-${steps}`;
}
