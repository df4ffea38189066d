export { openLocalSubmitter } from './local.ts';
export {
  checkTogether,
  type NewTogether,
  resumeTogether,
  startTogether,
  type Together,
} from './run.ts';
export {
  type DilocoSettings,
  hasDiloco,
  readSettings,
  settingsSchema,
} from './settings.ts';
