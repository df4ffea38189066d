/**
 * Writes a duration: 75 → `1m15s`; from two days on in days, `3.5 days`: nobody waits for the
 * second.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '…';
  if (seconds >= 2 * DAY) return `${(seconds / DAY).toFixed(seconds < 100 * DAY ? 1 : 0)} days`;
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const parts = [hours && `${hours}h`, (hours || minutes) && `${minutes}m`, `${whole % 60}s`];
  return parts.filter(Boolean).join('');
}

const DAY = 86_400;

/** Writes a path as it is typed in a shell: `my run` → `'my run'`. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Takes the first line of what was thrown. */
export function firstLine(cause: unknown): string {
  return String(cause instanceof Error ? cause.message : cause).split('\n')[0]!;
}
