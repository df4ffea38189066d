/** The application: what every request goes through, and its routes. */
import { readFile } from 'node:fs/promises';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { assetPath } from '../data/node/index.ts';
import { UserError } from '../errors.ts';
import { packageVersion } from '../run/versions.ts';
import type { Keys } from './keys.ts';
import type { Limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { answerProblem, ProblemError, problemOf, problemOfBody } from './problem.ts';
import { type App, addSampleRoutes, type Service, type Variables } from './sample-routes.ts';
import { addStudio } from './studio.ts';

/** What an application is made of. */
export interface AppOptions extends Service {
  readonly keys: Keys;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly log: Readonly<Record<'info' | 'error', (event: object, name: string) => void>>;
  /** Why it cannot work now, in words. */
  problem(): string | undefined;
  /** Hosts that a request may name; absent: any. */
  readonly hosts?: readonly string[] | undefined;
}

const NOT_FOUND = problemOf('not-found', 'nothing is here; see /docs');

/** Makes the application. It listens to nothing by itself. */
export function createApp(options: AppOptions): App {
  const app: App = new OpenAPIHono<{ Variables: Variables }>({
    defaultHook: (result) => {
      if (!result.success) throw new ProblemError(problemOfBody(result.error));
    },
  });
  app.use(told(options));
  app.use(onlyHosts(options.hosts));
  app.use('*', pageHeaders);
  app.use('/v1/*', withKey(options.keys), jsonOnly, limited(options.limits));
  app.use('/metrics', withKey(options.keys));
  app.onError((error, context) => answerError(error, context, options.log));
  app.notFound((context) => answerProblem(context, NOT_FOUND));
  addHealth(app, options);
  addSampleRoutes(app, options);
  addDocument(app);
  addStudio(app);
  return app;
}

/** Logs and counts every request. */
function told({ log, metrics }: Pick<AppOptions, 'log' | 'metrics'>): MiddlewareHandler {
  return async (context, next) => {
    const started = performance.now();
    await next();
    const seconds = (performance.now() - started) / 1000;
    const { method, path } = context.req;
    const { status } = context.res;
    metrics.request(method, routePath(context, -1), status, seconds);
    const owner = context.get('owner');
    log.info(
      { method, path: path.slice(0, 200), status, seconds, ...(owner && { owner }) },
      'request',
    );
  };
}

/**
 * Refuses requests that name another host: a page elsewhere whose name was made to mean this
 * machine.
 */
function onlyHosts(hosts: readonly string[] | undefined): MiddlewareHandler {
  return async (context, next) => {
    const host = new URL(context.req.url).hostname;
    if (hosts === undefined || hosts.includes(host)) return next();
    const detail = 'this server answers to its own machine alone; start it with --host for others';
    return answerProblem(context, problemOf('not-found', detail, { status: 421 }));
  };
}

// Whether names are reached by TLS alone is for what stands in front to say.
const strictTransportSecurity = false;
const apiHeaders = secureHeaders({
  strictTransportSecurity,
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
});
const docsHeaders = secureHeaders({
  strictTransportSecurity,
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ["'self'", 'blob:'],
    frameAncestors: ["'none'"],
  },
});
const studioHeaders = secureHeaders({
  strictTransportSecurity,
  crossOriginEmbedderPolicy: 'require-corp',
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    scriptSrc: ["'self'", "'wasm-unsafe-eval'", 'blob:'],
    workerSrc: ["'self'", 'blob:'],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'blob:', 'data:'],
    connectSrc: ["'self'", 'blob:', 'data:'],
    frameAncestors: ["'self'"],
  },
});

/** What a browser may do with a page, by what the page is. */
const pageHeaders: MiddlewareHandler = (context, next) => {
  const { path } = context.req;
  if (path.startsWith('/studio')) return studioHeaders(context, next);
  return (path.startsWith('/docs') ? docsHeaders : apiHeaders)(context, next);
};

const withKey =
  (keys: Keys): MiddlewareHandler<{ Variables: Variables }> =>
  async (context, next) => {
    const owner = keys.ownerOf(context.req.header('authorization'));
    if (owner === undefined) {
      const detail = 'send Authorization: Bearer KEY, with a key of this server';
      return answerProblem(context, problemOf('key', detail), { 'www-authenticate': 'Bearer' });
    }
    context.set('owner', owner);
    return next();
  };

/** Takes JSON alone: a form of a page elsewhere can send other types without being asked. */
const jsonOnly: MiddlewareHandler = async (context, next) => {
  const isJson = /^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '');
  if (context.req.method !== 'POST' || isJson) return next();
  const detail = 'send the body as Content-Type: application/json';
  return answerProblem(context, problemOf('body', detail, { status: 415 }));
};

const limited = ({ bodyBytes }: Limits) =>
  bodyLimit({
    maxSize: bodyBytes,
    onError: (context) => {
      const detail = `the body is longer than ${bodyBytes} bytes; send less`;
      return answerProblem(context, problemOf('body', detail, { status: 413 }), {
        connection: 'close',
      });
    },
  });

function answerError(error: unknown, context: Context, log: AppOptions['log']): Response {
  if (error instanceof ProblemError) return answerProblem(context, error.problem, error.headers);
  if (error instanceof UserError) {
    const { code, message, facts } = error;
    return answerProblem(context, problemOf(code, message, { facts }));
  }
  if (error instanceof HTTPException) {
    const { status } = error;
    return answerProblem(context, problemOf('body', 'the body is no JSON; check it', { status }));
  }
  log.error({ err: error }, 'a defect');
  return answerProblem(context, problemOf('internal', 'a defect of mdensity; its log says more'));
}

function addHealth(app: App, { problem, metrics }: AppOptions): void {
  app.get('/livez', (context) => context.text('ok'));
  app.get('/readyz', (context) => {
    const words = problem();
    if (words === undefined) return context.text('ok');
    return context.text(`not ready: ${words}`, 503, { 'retry-after': '1' });
  });
  app.get('/metrics', async (context) =>
    context.body(await metrics.registry.metrics(), 200, {
      'content-type': metrics.registry.contentType,
    }),
  );
}

/** The document of the routes, and a page to read and to try them. */
function addDocument(app: App): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'one of MDENSITY_API_KEYS; nobody needs one where the server has none',
  });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'mdensity',
      version: packageVersion(),
      description: 'Samples of learned M-densities.',
      license: { name: 'MIT' },
    },
  });
  const types = { html: 'text/html', js: 'text/javascript', css: 'text/css' } as const;
  for (const [path, name] of [
    ['/docs', 'page.html'],
    ['/docs/page.js', 'page.js'],
    ['/docs/page.css', 'page.css'],
  ] as const) {
    const type = types[name.split('.')[1] as keyof typeof types];
    app.get(path, async (context) =>
      context.body(await readFile(assetPath('serve', name), 'utf8'), 200, {
        'content-type': `${type}; charset=utf-8`,
      }),
    );
  }
  app.get('/', (context) => context.redirect('/docs'));
}
