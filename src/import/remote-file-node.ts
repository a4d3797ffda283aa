import { PATIENCE_MS } from '../data/stall-watch';
import { CardinalError } from '../errors';

/** What a server says of a file before it sends it. */
export interface RemoteFile {
  readonly url: string;
  /** Changes when the file does; absent where the server gives neither an ETag nor a date. */
  readonly version?: string;
  readonly bytes?: number;
  /** Of the content, in hexadecimal, where the server knows it. */
  readonly sha256?: string;
}

const MOST_REDIRECTS = 10;

/** A server that could not be reached or is in trouble, so that the same may work later. */
export class UnreachableError extends CardinalError {
  override name = 'UnreachableError';
}

/** A server that answers nothing, or too little of it: whoever has waited for it once need not wait often. */
export class StalledError extends UnreachableError {
  override name = 'StalledError';
}

/**
 * Asks a server about a file.
 *
 * The Hugging Face hub redirects to another server, whose ETag is not the file's, and says before that what the file is: its
 * `X-Linked-Etag` is the SHA-256 of a large file's content.
 *
 * @throws CardinalError where there is no such file or it may not be had; {@link UnreachableError}
 */
export async function askAbout(url: string, patience = PATIENCE_MS): Promise<RemoteFile> {
  const { hops, response } = await request(url, { method: 'HEAD', signal: AbortSignal.timeout(patience) });
  await response.body?.cancel();
  const linked = linkedHeaders(hops);
  if (linked === undefined) {
    // Some servers, and addresses that are signed for one method, know no HEAD: what they have shows when it is fetched.
    if ([403, 405, 501].includes(response.status)) return { url };
    refuseFailure(url, response);
  }
  const version = versionOf(hops);
  const size = (linked ?? response.headers).get(linked ? 'x-linked-size' : 'content-length');
  return {
    url,
    version,
    bytes: /^\d{1,15}$/.test(size ?? '') ? Number(size) : undefined,
    sha256: linked !== undefined && /^[0-9a-f]{64}$/.test(version ?? '') ? version : undefined,
  };
}

/** What tells one version of a file from another, by the headers of all answers on the way to it. */
export function versionOf(hops: readonly Headers[]): string | undefined {
  const last = hops[hops.length - 1];
  const etag = linkedHeaders(hops)?.get('x-linked-etag') ?? last.get('etag') ?? '';
  return etag.replace(/^W\//, '').replace(/^"|"$/g, '') || (last.get('last-modified') ?? undefined);
}

function linkedHeaders(hops: readonly Headers[]): Headers | undefined {
  return hops.find((headers) => headers.has('x-linked-etag'));
}

/** A request, with the headers of every answer on the way; redirects are followed, as many as there may be. */
export async function request(
  url: string,
  {
    method,
    headers = {},
    signal,
  }: { method: 'GET' | 'HEAD'; headers?: Record<string, string>; signal: AbortSignal },
): Promise<{ hops: Headers[]; response: Response }> {
  const hops: Headers[] = [];
  let current = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await fetch(current, {
      method,
      redirect: 'manual',
      // Compressed bytes could be neither counted nor taken up in the middle.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'tfjs-cardinal', ...headers },
      signal,
    }).catch((error: Error) => {
      const said = `${url} could not be fetched: ${reason(error)}`;
      throw signal.aborted ? new StalledError(said) : new UnreachableError(said);
    });
    hops.push(response.headers);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return { hops, response };
    await response.body?.cancel();
    current = redirected(url, current, location);
  }
  throw new CardinalError(`${url} could not be fetched: more than ${MOST_REDIRECTS} redirects`);
}

function redirected(url: string, from: string, location: string): string {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (to?.protocol === 'http:' || to?.protocol === 'https:') return to.href;
  throw new CardinalError(
    `${url} could not be fetched: the server redirects to '${location.slice(0, 200)}', which is no http(s) address`,
  );
}

/** Throws the error for an answer that is neither the file nor a part of it. */
export function refuseFailure(url: string, { status }: Response): void {
  if (status < 300) return;
  const said = `${url} could not be fetched: the server answered ${status}`;
  if (status === 404) throw new CardinalError(`${said}, there is no such file`);
  // The hub answers 401 for what does not exist, too.
  if (status === 401 || status === 403)
    throw new CardinalError(`${said}: there is no such file, or not for everyone`);
  if (status === 429 || status >= 500) throw new UnreachableError(said);
  throw new CardinalError(said);
}

/** What went wrong; fetch hides it in the cause of its error. */
export function reason({ cause, message }: Error): string {
  return (cause as Error | undefined)?.message || message;
}
