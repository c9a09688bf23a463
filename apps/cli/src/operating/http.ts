// What an operator sees of a running tracker over HTTP: health, metrics, and its table in JSON. It changes nothing and
// asks nobody who they are, so that it listens on loopback unless told otherwise.
//   /healthz   200 while the process runs          /files?filter=&offset=       a page of files
//   /readyz    200 while its store keeps what      /files/SWARM                 who holds which of its chunks
//              is accepted, otherwise 503          /files/SWARM/claims?list=&from=   check list, chunk list, disputed
//   /metrics   for Prometheus                      /                            all in all

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAddress, ShoalError, toHex } from '@shoal/machine';
import { readLocated, type TrackerStore } from '@shoal/tracker';
import { filesPerPageMax, isDraft, standings, type SwarmKey } from '@shoal/wire';

export interface Seen {
  readonly store: Pick<TrackerStore, 'list' | 'locate' | 'claims'>;
  /** Why the store cannot keep what is accepted; undefined while it can. */
  trouble(): ShoalError | undefined;
  stats(): Promise<object>;
  /** The text of /metrics. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

export interface Http extends AsyncDisposable {
  /** `http://HOST:PORT` */
  readonly url: string;
}

const claimsPerPage = 256;

/** Fails with ShoalError `addressInUse` or `networkFailed`. */
export async function openHttp(seen: Seen, { host, port }: { host: string; port: number }): Promise<Http> {
  const server = createServer((request, response) => {
    answer(seen, request).then(
      ({ status = 200, type = 'application/json', body }) => send(response, status, type, body),
      (error: unknown) => send(response, 503, 'application/json', { error: (error as Error).message }),
    );
  });
  await listening(server, host, port);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${formatAddress({ host, port: address.port })}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: unknown;
}

const notFound: Answer = { status: 404, body: { error: 'no such page or file' } };

async function answer(seen: Seen, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET') return { status: 405, body: { error: 'only GET' } };
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://tracker');
  const [page = '', swarm, part] = pathname.slice(1).split('/').map(decoded);
  if (page === 'healthz') return { body: { ok: true } };
  if (page === 'readyz') return ready(seen.trouble());
  if (page === 'metrics') {
    const { type, text } = await seen.metrics();
    return { type, body: text };
  }
  if (page === '') return { body: await seen.stats() };
  if (page !== 'files') return notFound;
  if (swarm === undefined || swarm === '') return { body: await listed(seen, searchParams) };
  if (part === 'claims') return claimed(seen, swarm as SwarmKey, searchParams);
  return part === undefined ? located(seen, swarm as SwarmKey) : notFound;
}

const ready = (trouble: ShoalError | undefined): Answer =>
  trouble === undefined
    ? { body: { ready: true } }
    : { status: 503, body: { ready: false, code: trouble.code, message: trouble.message } };

async function listed({ store }: Seen, query: URLSearchParams): Promise<unknown> {
  const offset = Number(query.get('offset') ?? 0) || 0;
  return store.list(query.get('filter') ?? '', Math.max(0, Math.floor(offset)), filesPerPageMax);
}

async function located({ store }: Seen, swarm: SwarmKey): Promise<Answer> {
  const found = await store.locate({ swarm });
  if (found === undefined) return notFound;
  const { body, ...reply } = found;
  const { holders = [], hashes = new Map<number, Uint8Array>() } =
    readLocated({ type: 'fileLocationsReply', ...reply }, body) ?? {};
  const peers = holders.map(({ peer, address, held }) => ({
    peer,
    address: formatAddress(address),
    held: held.count,
    chunks: held.isFull ? 'all' : [...held.ones()],
  }));
  const rarest = found.rarest.map((chunk, i) => {
    const hash = hashes.get(chunk);
    return { chunk, copies: found.copies[i], ...(hash && { hash: toHex(hash) }) };
  });
  return { body: { file: found.file, total: found.total, peers, rarest } };
}

async function claimed({ store }: Seen, swarm: SwarmKey, query: URLSearchParams): Promise<Answer> {
  const list = query.get('list') ?? undefined;
  const only = standings.find((standing) => standing === list);
  if (list !== undefined && only === undefined)
    return { status: 400, body: { error: `list is one of ${standings.join(', ')}` } };
  const from = Math.max(0, Math.floor(Number(query.get('from') ?? 0)) || 0);
  const page = isDraft(swarm) ? await store.claims(swarm, from, only, claimsPerPage) : undefined;
  if (page === undefined) return notFound;
  const chunks = page.chunks.map(({ chunk, standing, camps }) => ({
    chunk,
    standing,
    camps: camps.map(({ hash, voices }) => ({ hash: toHex(hash), voices })),
  }));
  return { body: { ...page, chunks } };
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`);
}

/** A part of a path as it was meant; what cannot be read is no name of ours. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '\0'; // no page and no swarm has this name
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    await once(server.listen(port, host), 'listening');
  } catch (cause) {
    const where = formatAddress({ host, port });
    if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new ShoalError('addressInUse', `${where} is taken: choose another with --http, or --http off`, { cause });
    throw new ShoalError('networkFailed', `cannot listen on ${where} (${(cause as Error).message})`, { cause });
  }
}
