/** A thing to time: how much work one call does, in the unit the rate is quoted in. */
export interface Case {
  readonly name: string;
  readonly work: number;
  run(): Promise<unknown>;
}

export interface Rate {
  readonly name: string;
  /** Work per second, at the fastest of all calls: what the machine can do when left alone. */
  readonly best: number;
  /** Work per second of the median call. */
  readonly median: number;
}

/**
 * Times cases in turn, round after round, so that a machine whose speed drifts treats all alike.
 * Ratios between the results of one call are what counts.
 */
export async function measure(cases: readonly Case[], seconds = 1, rounds = 5): Promise<Rate[]> {
  const times = cases.map(() => [] as number[]);
  for (const { run } of cases) for (let i = 0; i < 3; i++) await run();
  for (let round = 0; round < rounds; round++) {
    for (const [i, { run }] of cases.entries()) {
      const end = performance.now() + (1000 * seconds) / rounds;
      do {
        const start = performance.now();
        await run();
        times[i]!.push((performance.now() - start) / 1000);
      } while (performance.now() < end);
    }
  }
  return cases.map(({ name, work }, i) => {
    const sorted = times[i]!.sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    return { name, best: work / sorted[0]!, median: work / median };
  });
}

/** A row of a Markdown table. */
export const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

export const percent = (share: number) => `${Math.round(100 * share)} %`;
