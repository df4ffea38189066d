import { tex } from '@mdit/plugin-tex';
import katex from 'katex';
import { defineConfig } from 'vitepress';
import { linksOfRepository } from '../build/links.ts';

const page = (text: string, link: string) => ({ text, link });

/** Renders a formula; `v-pre` keeps Vue out of it. */
const render = (tex: string, displayMode: boolean) => {
  const html = katex.renderToString(tex, { displayMode }).replace(/^<(\w+)/, '<$1 v-pre');
  return displayMode ? `<p>${html}</p>` : html;
};

/** Pages of the API: the parts of the package. */
const parts = {
  index: 'mdensity',
  browser: 'mdensity, in a browser',
  'data/node': 'mdensity/data',
  density: 'mdensity/density',
  graph: 'mdensity/graph',
  nn: 'mdensity/nn',
  model: 'mdensity/model',
  train: 'mdensity/train',
  sample: 'mdensity/sample',
  run: 'mdensity/run',
  evaluate: 'mdensity/evaluate',
  'evaluate/model': 'mdensity/measure',
  experiment: 'mdensity/experiment',
  report: 'mdensity/report',
};

/** The site of the documentation: static, without anything from elsewhere. */
export default defineConfig({
  title: 'mdensity',
  description: 'Generative modelling with smoothed densities: learn an M-density, walk it, jump.',
  // Relative addresses would need a rewrite of every page: a host under a path sets this.
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false,
  srcExclude: ['build/**'],
  markdown: {
    config: (md) => {
      md.use(tex, { render });
      md.use(linksOfRepository);
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      page('Tutorial', '/tutorial'),
      page('Commands', '/commands'),
      page('API', '/api/'),
      // Built beside the pages, not one of them.
      { text: 'Open the studio', link: '/app/index.html', target: '_self' },
    ],
    sidebar: [
      { text: 'Start', items: [page('What it is', '/'), page('Tutorial', '/tutorial')] },
      {
        text: 'How to',
        items: [
          page('Learn your own data', '/how-to/own-data'),
          page('Write a kernel', '/how-to/kernel'),
          page('Bring a network', '/how-to/network'),
          page('Walk in the browser', '/how-to/browser'),
          page('Stop and resume', '/how-to/resume'),
          page('Evaluate', '/how-to/evaluate'),
          page('Serve samples', '/how-to/server'),
          page('Use many machines', '/how-to/many-machines'),
          page('Learn many noise levels', '/how-to/noise-levels'),
          page('Walk a pretrained diffusion model', '/how-to/pretrained'),
          page('Walk a known density', '/how-to/densities'),
        ],
      },
      {
        text: 'Background',
        items: [
          page('Theory', '/theory'),
          page('Results', '/results'),
          page('Performance', '/performance'),
          page('Serving and scaling out', '/scale'),
          page('Architecture', '/architecture'),
        ],
      },
      {
        text: 'Reference',
        items: [
          page('The command line by example', '/command-line'),
          page('Commands', '/commands'),
          page('Studio', '/studio'),
          page('Security', '/SECURITY'),
          page('Contributing', '/CONTRIBUTING'),
        ],
      },
      {
        text: 'API',
        collapsed: true,
        items: Object.entries(parts).map(([file, name]) => page(name, `/api/${file}`)),
      },
    ],
  },
});
