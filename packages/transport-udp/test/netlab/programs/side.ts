// One of the processes of a test in netlab: an endpoint that dials, sends and receives as its parent says over IPC, and
// checks every byte that arrives.

import { peerId } from '@shoal/machine';
import { type NodeConnection, type NodeEndpoint, type NodeStream, openEndpoint } from '../../../src/node/index.ts';
import { patternAt } from '../pattern.ts';

/** What the parent may call, by name, and with what. */
export interface Calls {
  open: { args: { port?: number }; result: { port: number; peer: string } };
  /** Becomes the connection that is used, as one that somebody else dialled does. */
  dial: { args: { host: string; port: number; expect: string }; result: undefined };
  /** Begins to send on a new stream, on and on. */
  start: { args: object; result: undefined };
  /** Ends that; answers with how much it was once the remote has all of it. */
  stop: { args: object; result: number };
  state: { args: object; result: State };
}

export interface State {
  readonly receivedBytes: number;
  readonly damagedBytes: number;
  /** Streams that arrived to their end. */
  readonly ended: number;
  /** Where the remote is, and how many connections there are. */
  readonly remote: string;
  readonly connections: number;
  readonly datagramBytes: number;
}

export type Call = { [Name in keyof Calls]: { name: Name; args: Calls[Name]['args'] } }[keyof Calls] & { id: number };
export type Answer = { readonly id: number; readonly result?: unknown; readonly error?: string };

const chunkBytes = 100_000;
let endpoint: NodeEndpoint;
let connection: NodeConnection | undefined;
const outgoing = { stopped: false, sent: Promise.resolve(0) };
const received = { bytes: 0, damaged: 0, ended: 0 };

const calls: { [Name in keyof Calls]: (args: Calls[Name]['args']) => Promise<Calls[Name]['result']> } = {
  async open({ port = 0 }) {
    endpoint = await openEndpoint({ host: '0.0.0.0', port });
    void acceptConnections();
    return { port: endpoint.address.port, peer: endpoint.peer };
  },
  async dial({ host, port, expect }) {
    use(await endpoint.dial({ host, port }, { expect: peerId(expect)! }));
    return undefined;
  },
  async start() {
    const stream = await connection!.openStream();
    outgoing.stopped = false;
    outgoing.sent = send(stream);
    outgoing.sent.catch(() => undefined); // `stop` tells
    return undefined;
  },
  stop() {
    outgoing.stopped = true;
    return outgoing.sent;
  },
  state: () =>
    Promise.resolve({
      receivedBytes: received.bytes,
      damagedBytes: received.damaged,
      ended: received.ended,
      remote: connection === undefined ? '' : `${connection.address.host}:${connection.address.port}`,
      connections: endpoint.stats.connections,
      datagramBytes: connection?.stats.datagramBytes ?? 0,
    }),
};

async function send(stream: NodeStream): Promise<number> {
  let bytes = 0;
  for (; !outgoing.stopped; bytes += chunkBytes) await stream.write(patternAt(bytes, chunkBytes));
  await stream.finish();
  return bytes;
}

async function acceptConnections(): Promise<void> {
  for await (const accepted of endpoint.connections()) use(accepted);
}

function use(opened: NodeConnection): void {
  connection = opened;
  void acceptStreams(opened);
}

async function acceptStreams(opened: NodeConnection): Promise<void> {
  for await (const stream of opened.streams()) void receive(stream).catch(() => undefined); // the sender is told
}

async function receive(stream: NodeStream): Promise<void> {
  let at = 0;
  for (let part = await stream.read(); part !== undefined; part = await stream.read()) {
    if (Buffer.compare(part, patternAt(at, part.length)) !== 0) received.damaged += part.length;
    at += part.length;
    received.bytes += part.length;
    stream.recycle(part);
  }
  received.ended += 1;
}

process.on('message', ({ id, name, args }: Call) => {
  const called = calls[name] as (args: object) => Promise<unknown>;
  void called(args).then(
    (result) => process.send!({ id, result } satisfies Answer),
    (error: Error) => process.send!({ id, error: error.message } satisfies Answer),
  );
});
process.once('disconnect', () => process.exit());
