import { Window } from 'happy-dom';
import { expect, test } from 'vitest';
import { imageTag, renderPage, settingsRows, table } from './page.ts';

test('text that looks like HTML stays text', async () => {
  const odd = `<script>alert("1")</script> & 'x' </title>`;
  const html = renderPage({
    title: odd,
    subtitle: odd,
    sections: [
      { title: odd, text: odd, html: imageTag(Uint8Array.of(1, 2, 3), odd) + table([[odd, odd]]) },
    ],
  });
  expect(html).not.toMatch(/<script/);
  const window = new Window({ settings: { disableJavaScriptEvaluation: true } });
  const page = new window.DOMParser().parseFromString(html, 'text/html');
  for (const place of ['title', 'h1', '.subtitle', 'h2', 'section p', 'th', 'td']) {
    expect(page.querySelector(place)?.textContent).toBe(odd);
  }
  const image = page.querySelector('img');
  expect(image?.getAttribute('alt')).toBe(odd);
  expect(image?.getAttribute('src')).toBe('data:image/png;base64,AQID');
  await window.happyDOM.close();
});

test('nested settings become rows with paths', () => {
  const settings = {
    model: { sigma: 0.5, shape: [1, 28, 28], parts: [] },
    flip: false,
    left: null,
    entries: [{ name: 'gps' }, { name: 'mem', sizes: [2, 3] }],
  };
  expect(settingsRows(settings)).toEqual([
    ['model.sigma', '0.5'],
    ['model.shape', '1, 28, 28'],
    ['model.parts', 'none'],
    ['flip', 'false'],
    ['left', 'null'],
    ['entries.0.name', 'gps'],
    ['entries.1.name', 'mem'],
    ['entries.1.sizes', '2, 3'],
  ]);
});
