export type { Denoiser } from './denoiser.ts';
export {
  effectiveNoise,
  gpsScore,
  meanOfMeasurements,
  type UniversalityClass,
  universalityClass,
} from './gps.ts';
