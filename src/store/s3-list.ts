/** What a server answers that is asked which objects there are. */
import type { StoreEntry } from './store.ts';

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** Reads one page of a bucket's list, XML; `next` asks for the page after it. */
export function listPage(xml: string): {
  readonly entries: readonly StoreEntry[];
  readonly next: string | undefined;
} {
  const entries = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, object]) => ({
    key: textOf(object!, 'Key') ?? '',
    modified: new Date(textOf(object!, 'LastModified') ?? 0),
  }));
  const isCut = textOf(xml, 'IsTruncated') === 'true';
  return { entries, next: isCut ? textOf(xml, 'NextContinuationToken') : undefined };
}

/** Gives the text of the first element of a name. */
function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text
    ?.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&\w+;/g, (entity) => entities[entity] ?? entity);
}
