import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Sends bytes until whoever reads them has had enough; in answer to HEAD none. */
export function endless(response: ServerResponse): void {
  if (response.req.method === 'HEAD') return void response.end();
  const chunk = Buffer.alloc(2 ** 16, 7);
  const send = (): void => {
    if (response.destroyed || response.writableEnded) return;
    if (response.write(chunk)) setImmediate(send);
    else response.once('drain', send);
  };
  send();
}

/** Sends a byte now and then. */
export function trickle(response: ServerResponse, milliseconds = 20): void {
  const timer = setInterval(() => response.write('x'), milliseconds);
  response.on('close', () => clearInterval(timer));
}

/** A server on the loopback address that answers as it is told, and counts what it was asked. */
export async function startHostileServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; requests: string[]; stop: () => Promise<void> }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.on('error', () => undefined);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
