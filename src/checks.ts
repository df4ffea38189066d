import { UserError } from './errors.ts';

/**
 * Checks an option that is a whole number.
 * @throws UserError (`invalid`) unless `value` is one of `least` to `most`.
 */
export function checkWhole(
  option: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range =
    most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `of ${least} to ${most}`;
  throw new UserError(`${option} ${value}: is not possible; give a whole number ${range}`, {
    facts: { option, value, least, most },
  });
}
