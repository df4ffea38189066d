/** The studio, served beside the samples. */
import { serveStatic } from '@hono/node-server/serve-static';
import { isFolder } from '../files.ts';
import { packagePath } from '../package-folder.ts';
import { answerProblem, problemOf } from './problem.ts';
import type { App } from './sample-routes.ts';

/** Adds the built studio under `/studio/`. */
export function addStudio(app: App, root = packagePath('dist', 'studio')): void {
  app.get('/studio', (context) => context.redirect('/studio/'));
  if (!isFolder(root)) {
    const problem = problemOf('not-found', 'the studio is not built; run npm run build');
    app.get('/studio/*', (context) => answerProblem(context, problem));
    return;
  }
  app.get(
    '/studio/*',
    serveStatic({ root, rewriteRequestPath: (path) => path.replace(/^\/studio/, '') }),
  );
}
