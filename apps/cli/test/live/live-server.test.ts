import { once } from 'node:events';
import { type IncomingMessage, request, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { type Happening, recordingVersion } from '@shoal/visualizer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LiveServer, openLiveServer } from '../../src/live/live-server.ts';
import { Recording } from '../../src/live/recording.ts';

const policy = "default-src 'none'; script-src 'sha256-abc='";
const page = `<meta http-equiv="Content-Security-Policy" content="${policy}" /><h1>page</h1>`;
const peer = 'f'.repeat(64);
const happened = (count: number): Happening[] =>
  Array.from({ length: count }, (_, chunk) => ({ atMs: chunk, kind: 'held', peer, chunk }));

let recording: Recording;
let server: LiveServer;

beforeEach(async () => {
  const header = { shoalRecording: recordingVersion, title: '<b>', source: 'live' } as const;
  recording = new Recording({ header, startMs: 0 });
  server = await openLiveServer({ recording, page, stallMs: 100 });
});
afterEach(async () => {
  recording.end(0);
  await server[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const open = async (path: string, options: RequestOptions = {}): Promise<IncomingMessage> => {
  const { hostname, port } = new URL(server.url);
  const asked = request({ hostname, port, path, agent: false, ...options }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response.setEncoding('utf8');
};

/** To its end. */
async function ask(path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await open(path, options);
  let body = '';
  for await (const text of response) body += String(text);
  return { status: response.statusCode, headers: response.headers, body };
}

const home = (): string => new URL(server.url).pathname;
const stream = (): string => `${home()}happenings`;

/** The data of all messages in a stream. */
const messagesIn = (body: string): { untilMs: number; happenings: Happening[] }[] =>
  body
    .split('\n\n')
    .filter((block) => block.startsWith('id: '))
    .map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)) as never);
const chunksIn = (body: string): unknown[] =>
  messagesIn(body).flatMap(({ happenings }) => happenings.map((happening) => 'chunk' in happening && happening.chunk));

describe('the live server', () => {
  test('listens on loopback alone, at an address that cannot be guessed', () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/$/);
  });

  test('serves the page, which may load and send nothing', async () => {
    const { status, headers, body } = await ask(home());
    expect([status, body]).toEqual([200, page]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `${policy}; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('knows this machine by its two names', async () => {
    const { port } = new URL(server.url);
    expect((await ask(home(), { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test.each([
    ['another host', () => ({ headers: { host: 'evil.example' } }), 403],
    ['another port', () => ({ headers: { host: '127.0.0.1:1' } }), 403],
    ['a host like ours', () => ({ headers: { host: `127.0.0.1.evil.example:${new URL(server.url).port}` } }), 403],
    ['another origin', () => ({ headers: { origin: 'http://evil.example' } }), 403],
    ['no origin to speak of', () => ({ headers: { origin: 'null' } }), 403],
    [
      'our own origin over TLS',
      () => ({ headers: { origin: new URL(server.url).origin.replace('http', 'https') } }),
      403,
    ],
    ['a page of another site', () => ({ headers: { 'sec-fetch-site': 'cross-site' } }), 403],
    ['a page of another port', () => ({ headers: { 'sec-fetch-site': 'same-site' } }), 403],
    ['POST', () => ({ method: 'POST' }), 405],
    ['OPTIONS', () => ({ method: 'OPTIONS' }), 405],
    ['HEAD', () => ({ method: 'HEAD' }), 405],
  ])('refuses %s', async (_, options, status) => {
    recording.add(happened(1));
    recording.tick(10);
    for (const path of [home(), stream()]) {
      const answer = await ask(path, options());
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain('held');
      expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    }
  });

  test('refuses who does not know the secret, and does not tell it', async () => {
    const secret = home().slice(1, -1);
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('A') ? 'B' : 'A'}`;
    for (const path of [
      '/',
      '//',
      '/happenings',
      `/${wrong}/`,
      `/${wrong}/happenings`,
      `/${secret.slice(1)}/`,
      '*',
      `/?${secret}`,
    ]) {
      const { status, body } = await ask(path);
      expect([path, status]).toEqual([path, 403]);
      expect(body).not.toContain(secret);
    }
  });

  test('serves nothing else, however the path climbs', async () => {
    const paths = [
      '..',
      '../..',
      '..%2f..%2fetc%2fpasswd',
      '%2e%2e/',
      'happenings/',
      'index.html',
      'happenings/../../',
      '?x',
    ];
    for (const path of paths) expect([path, (await ask(`${home()}${path}`)).status]).toEqual([path, 404]);
    expect((await ask(`${home()}../../../etc/passwd`)).body).not.toContain('root');
  });

  test('tells a page that comes late everything, then what follows, then the end', async () => {
    recording.add(happened(3));
    recording.tick(10);
    const following = ask(stream());
    await server.watched;
    recording.add([3, 4].map((chunk) => ({ atMs: 12, kind: 'held', peer, chunk })));
    recording.end(20);
    const { status, headers, body } = await following;
    expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(body).toContain(
      'event: recording\ndata: {"shoalRecording":1,"title":"<b>","source":"live","isOver":false}\n\n',
    );
    expect(chunksIn(body)).toEqual([0, 1, 2, 3, 4]);
    expect(messagesIn(body).at(-1)!.untilMs).toBe(20);
    expect(body.endsWith('event: end\ndata: {"isFull":false}\n\n')).toBe(true);
  });

  test('goes on where a page was cut off', async () => {
    recording.add(happened(5));
    recording.end(10);
    const { body } = await ask(stream(), { headers: { 'last-event-id': '3' } });
    expect(chunksIn(body)).toEqual([3, 4]);
    for (const odd of ['-1', 'x', '1e99', '0.5'])
      expect(chunksIn((await ask(stream(), { headers: { 'last-event-id': odd } })).body)).toHaveLength(5);
  });

  test('drops a page that takes nothing, and does not buffer for it', async () => {
    const label = 'x'.repeat(100_000);
    for (let i = 0; i < 600; i += 1) recording.add([{ atMs: i, kind: 'came', peer, role: 'receiver', label }]);
    recording.tick(1_000); // more than the kernel takes for a socket
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname).pause();
    socket.write(`GET ${stream()} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`);
    await server.watched;
    const before = process.memoryUsage();
    await new Promise((resolve) => setTimeout(resolve, 400)); // longer than its patience
    expect(process.memoryUsage().external - before.external).toBeLessThan(8 * 1024 * 1024);
    let taken = 0;
    socket.on('error', () => undefined).on('data', (data) => (taken += data.length));
    await once(socket.resume(), 'close');
    expect(taken).toBeLessThan(60_000_000);
  });

  test('follows with no more pages than it has room for', async () => {
    const followers = await Promise.all(Array.from({ length: 16 }, () => open(stream())));
    expect((await ask(stream())).status).toBe(503);
    for (const follower of followers) follower.destroy();
    await expect.poll(async () => (await open(stream())).statusCode).toBe(200);
  });
});
