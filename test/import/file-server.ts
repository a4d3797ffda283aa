import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a {@link startFileServer} behaves; may be changed while it runs. */
export interface ServerManners {
  /** What it has, by path. */
  readonly files: Map<string, Uint8Array>;
  etag?: string;
  /** Breaks the connection off after so many bytes of an answer, once for each number. */
  readonly cuts: number[];
  knowsRanges: boolean;
  knowsHead: boolean;
  /** Answers every request by this. */
  status?: number;
  /** Headers of the redirect from `/OWNER/REPO/resolve/REVISION/FILE` to `/cdn/FILE`; without them there is none. */
  hub?: Record<string, string>;
}

export interface FileServer extends ServerManners {
  readonly url: string;
  /** `METHOD PATH RANGE` of each request. */
  readonly requests: string[];
  stop(): Promise<void>;
}

/** A server on the loopback address that has files, and trouble on demand. */
export async function startFileServer(): Promise<FileServer> {
  const manners: ServerManners = { files: new Map(), cuts: [], knowsRanges: true, knowsHead: true };
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
    answer(manners, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served: FileServer = Object.assign(manners as FileServer, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
  return served;
}

function answer(manners: ServerManners, request: IncomingMessage, response: ServerResponse): void {
  const { files, etag, cuts, knowsRanges, knowsHead, status, hub } = manners;
  if (status !== undefined) return void response.writeHead(status).end();
  const isHead = request.method === 'HEAD';
  if (isHead && !knowsHead) return void response.writeHead(405).end();
  const path = new URL(request.url as string, 'http://server').pathname;
  if (hub !== undefined && path.includes('/resolve/')) {
    return void response.writeHead(302, { ...hub, location: `/cdn/${path.split('/').pop()}` }).end();
  }
  if (path === '/loop') return void response.writeHead(302, { location: '/loop' }).end();
  const file = files.get(path);
  if (file === undefined) return void response.writeHead(404).end();
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const isPart = knowsRanges && from > 0;
  const body = isPart ? file.subarray(from) : file;
  response.writeHead(isPart ? 206 : 200, {
    'content-length': body.length,
    ...(etag !== undefined && { etag }),
    ...(isPart && { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` }),
  });
  const cut = isHead ? undefined : cuts.shift();
  if (isHead) response.end();
  else if (cut === undefined) response.end(body);
  else response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
}
