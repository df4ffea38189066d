import * as Plot from '@observablehq/plot';
import { Window } from 'happy-dom';

/** A plot as SVG text that stands on its own, in a page or a file. */
export function renderPlot(options: Plot.PlotOptions): string {
  const window = new Window();
  const document = window.document as unknown as Document;
  const svg = Plot.plot({ ...options, document }).outerHTML;
  void window.happyDOM.close();
  return svg.replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ');
}
