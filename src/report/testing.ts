import { Window } from 'happy-dom';
import sharp from 'sharp';
import { expect } from 'vitest';

/** What a page shows. */
export interface OpenedPage {
  readonly title: string;
  readonly subtitle: string;
  /** Of its sections. */
  readonly headings: readonly string[];
  /** What the pictures are called. */
  readonly images: readonly string[];
  readonly captions: readonly string[];
  /** How many charts there are. */
  readonly charts: number;
  /** All text but that of charts. */
  readonly text: string;
}

/**
 * Opens a page as a browser would, and checks that it stands alone: pictures and charts inside, no
 * script, nothing to fetch, all tags closed.
 */
export async function openPage(html: string): Promise<OpenedPage> {
  expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(/i);
  expect(html.replaceAll('http://www.w3.org/', '')).not.toMatch(/(src|href)="?(https?:)?\/\//);
  expect(openTags(html)).toEqual([]);
  const charts = html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
  for (const chart of charts) expect(chart).not.toMatch(/NaN|undefined/);
  const window = new Window({ settings: { disableJavaScriptEvaluation: true } });
  // This parser loses its way in the style element of a chart.
  const bare = charts.reduce((rest, chart) => rest.replace(chart, ''), html);
  const page = new window.DOMParser().parseFromString(bare, 'text/html');
  const texts = (place: string) =>
    Array.from(page.querySelectorAll(place), ({ textContent }) => textContent);
  const images: string[] = [];
  for (const image of page.querySelectorAll('img')) {
    images.push(image.getAttribute('alt')!);
    const [, type, data] = /^data:image\/(png|webp);base64,(.+)$/.exec(image.getAttribute('src')!)!;
    expect((await sharp(Buffer.from(data!, 'base64')).metadata()).format).toBe(type);
  }
  expect(images).not.toContain('');
  const text = page.body.textContent;
  expect(text).not.toMatch(/undefined|NaN|\[object/);
  const opened = {
    title: texts('h1')[0]!,
    subtitle: texts('.subtitle')[0]!,
    headings: texts('h2'),
    images,
    captions: texts('figcaption'),
    charts: charts.length,
    text,
  };
  await window.happyDOM.close();
  return opened;
}

/** Elements that are not closed where they should be. */
function openTags(html: string): string[] {
  const open: string[] = [];
  for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/gi)) {
    if (['meta', 'img', 'br'].includes(name)) continue;
    if (!slash) open.push(name);
    else if (open.pop() !== name) return [...open, name];
  }
  return open;
}
