// The transport for outsiders: one UDP socket, many connections, everything awaited.

import { type Address, type Instant, type PeerId, ShoalError } from '@shoal/machine';
import type { Connection } from '../connection/connection.ts';
import { Endpoint, type EndpointEvent } from '../endpoint.ts';
import { NodeConnection, type Tell } from './node-connection.ts';
import { OnSocket } from './on-socket.ts';
import { endpointOptions, type Ground, openGround, resolveAddress, type SocketOptions } from './ground.ts';
import { abortedError, connectionError } from './transport-errors.ts';
import { Arrivals } from './waiting.ts';

/** Connections that nobody has accepted yet; further ones are told `refused`. */
const acceptQueueMax = 128;

/** Opens a socket. Fails with ShoalError `addressInUse`, `permissionDenied` or `networkFailed`. */
export async function openEndpoint(options: SocketOptions = {}): Promise<NodeEndpoint> {
  const ground = await openGround(options);
  return new NodeEndpoint(new Endpoint(endpointOptions(ground, options)), ground);
}

/** A dial that is not answered yet, as a connection's context. */
interface Dialling {
  readonly opened: (connection: NodeConnection) => void;
  readonly failed: (error: ShoalError) => void;
}

export class NodeEndpoint extends OnSocket<EndpointEvent, Endpoint> {
  readonly #accepted = new Arrivals<NodeConnection>();
  readonly #tell: Tell = (call) => this.driver.tell((_, now) => call(now));

  /** Made by `openEndpoint`. */
  constructor(endpoint: Endpoint, ground: Ground) {
    super(endpoint, endpoint, ground);
  }

  /**
   * Connects to whoever answers at `address`, or with `expect` only to that identity. Fails with ShoalError
   * `unreachable`, `authenticationFailed`, `refused` or `aborted`.
   */
  async dial(address: Address, options: { expect?: PeerId; signal?: AbortSignal } = {}): Promise<NodeConnection> {
    const { expect, signal } = options;
    const resolved = await resolveAddress(this.ground.socket, address);
    if (signal?.aborted === true) throw abortedError(signal);
    if (resolved === undefined)
      throw new ShoalError('unreachable', `${address.host} has no address that this socket can reach: check the name`);
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.driver.tell((_, now) => connection?.close(now));
        reject(abortedError(signal!));
      };
      const settled = (): void => signal?.removeEventListener('abort', abort);
      const dialling: Dialling = {
        opened: (opened) => (settled(), resolve(opened)),
        failed: (error) => (settled(), reject(error)),
      };
      let connection: Connection | undefined;
      this.driver.tell((endpoint, now) => {
        connection = endpoint.connect(resolved, now, expect === undefined ? {} : { expect });
      });
      if (connection === undefined) return dialling.failed(connectionError('exhausted'));
      connection.context = dialling;
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Connections that others dial, until the endpoint is closed. One taker at a time. */
  connections(): AsyncIterableIterator<NodeConnection, undefined> {
    return this.#accepted;
  }

  protected override end(endpoint: Endpoint, now: Instant): void {
    this.#accepted.end();
    for (const { context } of endpoint.connections())
      if (context instanceof NodeConnection) context.ended({ reason: 'done', byRemote: false });
      else (context as Dialling | undefined)?.failed(connectionError('done'));
    endpoint.close(now, { flush: true });
  }

  protected override handle(event: EndpointEvent): void {
    const { connection } = event;
    if (event.type === 'connectionOpened') return this.#opened(connection);
    if (event.type === 'connectionMoved') return; // its address tells
    const { context } = connection;
    if (event.type !== 'connectionClosed') {
      if (context instanceof NodeConnection) context.handle(event);
    } else if (context instanceof NodeConnection) context.ended(event);
    else (context as Dialling | undefined)?.failed(connectionError(event.reason));
  }

  #opened(connection: Connection): void {
    const dialling = connection.context as Dialling | undefined;
    if (dialling === undefined && this.#accepted.size >= acceptQueueMax) {
      this.driver.tell((_, now) => connection.close(now, 'refused'));
      return;
    }
    const opened = new NodeConnection(connection, this.#tell);
    if (dialling === undefined) this.#accepted.push(opened);
    else dialling.opened(opened);
  }
}
