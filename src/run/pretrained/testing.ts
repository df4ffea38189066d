/** A server on this machine that answers as Hugging Face's Hub does. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HubRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
  /** The host as it was addressed: the Hub's own, or that of large files. */
  readonly host: string;
}

export interface TestHub {
  readonly endpoint: string;
  readonly requests: HubRequest[];
  /** Bytes after which an answer with a large file breaks off; none by default. */
  cutAfter: number;
  /** What large files are sent as, in place of what they are. */
  sent: Buffer | undefined;
  close(): Promise<void>;
}

const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';

export interface TestHubOptions {
  /** Files of the one repository, by path; those that end in `.safetensors` are large ones. */
  readonly files: Readonly<Record<string, Buffer>>;
  readonly repository: string;
  /** Wanted to read it; none by default. */
  readonly token?: string;
}

/** Starts the server. */
export async function startHub({ files, repository, token }: TestHubOptions): Promise<TestHub> {
  const hub = {
    endpoint: '',
    requests: [] as HubRequest[],
    cutAfter: Number.POSITIVE_INFINITY,
    sent: undefined as Buffer | undefined,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://hub');
    const { authorization, range, host = '' } = request.headers;
    const path = decodeURIComponent(url.pathname);
    hub.requests.push({ method: request.method!, path, range, authorization, host });
    const refuse = (status: number, code: string) =>
      response.writeHead(status, { 'x-error-code': code }).end();
    if (path.startsWith('/large/')) {
      // A signed address refuses who brings another authorization.
      if (authorization !== undefined) return refuse(400, 'InvalidArgument');
      return sendPart(request, response, hub.sent ?? files[path.slice('/large/'.length)]!, hub);
    }
    const cached = /^\/api\/resolve-cache\/(.+)$/.exec(path)?.[1];
    if (cached !== undefined) {
      const bytes = files[cached]!;
      response.setHeader('etag', `"${gitSha1(bytes)}"`);
      return sendPart(request, response, bytes, { cutAfter: Number.POSITIVE_INFINITY });
    }
    const [, name, revision, file] = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (name !== repository || (token !== undefined && authorization !== `Bearer ${token}`)) {
      return refuse(401, 'RepoNotFound');
    }
    if (revision !== 'main' && revision !== COMMIT) return refuse(404, 'RevisionNotFound');
    const bytes = files[file!];
    if (bytes === undefined) return refuse(404, 'EntryNotFound');
    response.setHeader('x-repo-commit', COMMIT);
    if (!file!.endsWith('.safetensors')) {
      return response.writeHead(307, { location: `/api/resolve-cache/${file}` }).end('moved');
    }
    response.setHeader('x-linked-etag', `"${createHash('sha256').update(bytes).digest('hex')}"`);
    response.setHeader('x-linked-size', bytes.length);
    // Another host, of the same server.
    const to = hub.endpoint.replace('127.0.0.1', 'localhost');
    return response.writeHead(302, { location: `${to}/large/${file}` }).end('moved');
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  hub.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

const gitSha1 = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

function sendPart(
  { method, headers: { range } }: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  { cutAfter }: { readonly cutAfter: number },
): unknown {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const rest = bytes.subarray(from);
  const headers: Record<string, string> = { 'content-length': `${rest.length}` };
  if (from > 0) headers['content-range'] = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
  response.writeHead(from > 0 ? 206 : 200, headers);
  if (method === 'HEAD') return response.end();
  if (rest.length <= cutAfter) return response.end(rest);
  // The pause lets most of it arrive: what is on its way is lost with the connection.
  return response.write(rest.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 50));
}
