// The live page and what it is fed with, for this machine alone. Whoever opens it must know the address that was printed: it
// holds a secret of 256 bits. Two things are served, and nothing is looked up in a file system:
//   GET /SECRET/             the page
//   GET /SECRET/happenings   what happened, from the beginning or after `Last-Event-ID`, as server-sent events
// A page of another site cannot get at it: its requests carry its origin, or another name of this machine (DNS rebinding).

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ShoalError } from '@shoal/machine';
import type { Recording } from './recording.ts';

const readersMax = 16; // pages that follow at once; one more is told to come later
const sliceBytes = 256 * 1024; // written for one page before it must have taken them: all that is buffered for it
const stallMsDefault = 30_000; // a page that takes nothing for so long is dropped; it may come again, and goes on there
const goodbyeMs = 2_000; // how long pages have to take the rest at the end

export interface LiveServerOptions {
  readonly recording: Recording;
  /** The page, one file of HTML. */
  readonly page: string;
  readonly stallMs?: number;
}

export interface LiveServer extends AsyncDisposable {
  /** With the secret. */
  readonly url: string;
  /** Resolves when the first page follows. */
  readonly watched: Promise<void>;
}

export async function openLiveServer(options: LiveServerOptions): Promise<LiveServer> {
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 });
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  } catch (cause) {
    throw new ShoalError('networkFailed', `cannot listen on 127.0.0.1 (${(cause as Error).message})`, { cause });
  }
  return new RunningLiveServer(server, options);
}

class RunningLiveServer implements LiveServer {
  readonly url: string;
  readonly #server: Server;
  readonly #options: LiveServerOptions;
  readonly #hosts: readonly string[];
  readonly #secret = randomBytes(32).toString('base64url');
  readonly #headers: Readonly<Record<string, string>>;
  readonly #readers = new Set<Promise<void>>();
  readonly #watched = Promise.withResolvers<void>();

  constructor(server: Server, options: LiveServerOptions) {
    const { port } = server.address() as AddressInfo;
    this.#server = server;
    this.#options = options;
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    this.url = `http://127.0.0.1:${port}/${this.#secret}/`;
    this.#headers = headersFor(options.page);
    server.on('request', (request, response) => this.#answer(request, response));
  }

  get watched(): Promise<void> {
    return this.#watched.promise;
  }

  /** The recording has ended: pages get the rest of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), goodbyeMs);
    await Promise.all(this.#readers);
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(timer);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    const refusal = this.#refusal(request);
    if (refusal === undefined) return this.#serve(request, response);
    if (refusal === secretMissing && request.url === '/') return openDoor(response);
    refuse(response, ...refusal);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    switch (placeIn(request)) {
      case '':
        response.setHeader('content-type', 'text/html; charset=utf-8');
        return void response.end(this.#options.page);
      case 'happenings':
        return this.#follow(request, response);
      default:
        return refuse(response, 404, 'there is no such page');
    }
  }

  /** Undefined for who may have it. */
  #refusal({ method, headers, url = '' }: IncomingMessage): Refusal | undefined {
    const { host = '', origin } = headers;
    if (!this.#hosts.includes(host)) return [403, 'this server is for pages of this machine alone'];
    const site = headers['sec-fetch-site'] ?? 'none';
    if (site !== 'none' && site !== 'same-origin') return [403, 'not for pages of other sites'];
    if (origin !== undefined && origin !== `http://${host}`) return [403, 'not for pages of other sites'];
    if (method !== 'GET') return [405, 'only GET'];
    return isSame(url.split('/')[1] ?? '', this.#secret) ? undefined : secretMissing;
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    if (this.#readers.size >= readersMax) return refuse(response, 503, 'too many pages follow already');
    response.setHeader('content-type', 'text/event-stream');
    const after = Number(request.headers['last-event-id'] ?? 0);
    const reading = this.#feed(response, Number.isSafeInteger(after) && after > 0 ? after : 0).finally(() => {
      this.#readers.delete(reading);
    });
    this.#readers.add(reading);
    this.#watched.resolve();
  }

  /** Writes what there is, then what comes, as fast as it is taken, until the end of the recording or of the reader. */
  async #feed(response: ServerResponse, after: number): Promise<void> {
    const { recording, stallMs = stallMsDefault } = this.#options;
    const gone = new Promise((resolve) => response.once('close', resolve));
    let number = after;
    let next = `retry: 500\nevent: recording\ndata: ${JSON.stringify({ ...recording.header, isOver: recording.isEnded })}\n\n`;
    while (!response.destroyed) {
      const isLast = recording.isEnded;
      const { changed } = recording;
      const { texts, last } = recording.read(number, sliceBytes);
      number = last;
      next += `id: ${number}\ndata: {"untilMs":${recording.untilMs.toFixed(1)},"happenings":[${texts.join(',')}]}\n\n`;
      const isTaken = response.write(next);
      next = '';
      if (!isTaken && !(await settles(Promise.race([drained(response), gone]), stallMs))) response.destroy();
      if (texts.length > 0) continue;
      if (isLast) return void response.end(`event: end\ndata: ${JSON.stringify({ isFull: recording.isFull })}\n\n`);
      await Promise.race([changed, gone]);
    }
  }
}

type Refusal = readonly [status: number, why: string];

const secretMissing: Refusal = [403, 'open the address that shoal printed: it holds the secret that lets you in'];

// The page takes the secret out of the address bar and keeps it for its tab: loaded anew, it knocks here, and goes on in.
const doorScript = `
  const path = sessionStorage.getItem('shoal');
  sessionStorage.removeItem('shoal');
  if (/^[/][-\\w]{43}[/]$/.test(path ?? '')) location.replace(path + location.hash);
`;
const doorPolicy = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(doorScript).digest('base64')}'; frame-ancestors 'none'`;
const door = `<!doctype html><meta charset="utf-8" /><title>shoal</title><p>${secretMissing[1]}</p><script>${doorScript}</script>`;

function openDoor(response: ServerResponse): void {
  response.writeHead(403, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': doorPolicy });
  response.end(door);
}

/** What comes after the secret; undefined when that is not one name. */
function placeIn({ url = '' }: IncomingMessage): string | undefined {
  const [, , place, ...more] = url.split('/');
  return more.length === 0 ? place : undefined;
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (status === 405) response.setHeader('allow', 'GET');
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}

/** In a time that does not tell how much of it was right. */
const isSame = (text: string, secret: string): boolean => timingSafeEqual(digest(text), digest(secret));
const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** The page says itself which texts of it run; a header says it before the first byte, and more. */
function headersFor(page: string): Record<string, string> {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "default-src 'none'";
  return {
    'content-security-policy': `${policy}; frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
}

const drained = (response: ServerResponse): Promise<unknown> =>
  new Promise((resolve) => response.once('drain', resolve));

async function settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), withinMs);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
