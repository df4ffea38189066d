/** Options of the command line that the library's messages speak of, as the page calls them. */
const controls: Readonly<Record<string, string>> = {
  batch: 'a batch of',
  clip: 'a largest gradient of',
};

/** An error as a line for the reader of the page, who has controls and not options. */
export function inWords(error: unknown): string {
  const line = String(error instanceof Error ? error.message : error).split('\n')[0]!;
  return (
    line
      // What the page has no control for is no help there.
      .replace(/,? or --micro-batches \d+/, '')
      .replace(/,? or --recompute/, '')
      .replace(/--([a-z-]+) (\d+)/g, (_, name: string, value: string) =>
        name in controls ? `${controls[name]} ${value}` : `${name} ${value}`,
      )
  );
}
