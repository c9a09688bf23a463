// What remotes say and ask, brought to the gathering that it is about. What is not well-formed costs its sender a strike.

import { assertNever, type Instant, type LinkFact, type LinkId, type LinkOrder, type RequestId } from '@shoal/machine';
import { decode, encode, isPeerMessage, isPeerReply, isPeerRequest, type Join } from '@shoal/wire';
import type { Exchanges } from './exchanges.ts';
import type { Gathering } from './gathering.ts';
import type { Gatherings } from './gatherings.ts';
import type { Mesh } from './links/mesh.ts';
import type { Neighbour } from './links/neighbours.ts';
import { listFiles } from './listing.ts';
import { Swarm } from './swarm.ts';

export interface DeliveryOptions {
  readonly gatherings: Gatherings;
  readonly exchanges: Exchanges;
  readonly mesh: Mesh;
  readonly perform: (order: LinkOrder) => void;
}

export class Delivery {
  readonly #gatherings: Gatherings;
  readonly #exchanges: Exchanges;
  readonly #mesh: Mesh;
  readonly #perform: (order: LinkOrder) => void;

  constructor({ gatherings, exchanges, mesh, perform }: DeliveryOptions) {
    this.#gatherings = gatherings;
    this.#exchanges = exchanges;
    this.#mesh = mesh;
    this.#perform = perform;
  }

  message(link: LinkId, bytes: Uint8Array, now: Instant): void {
    const neighbour = this.#mesh.get(link);
    if (neighbour === undefined) return;
    const decoded = decode(bytes);
    if (!decoded.ok || !isPeerMessage(decoded.message)) return this.#mesh.accuse(neighbour.peer, 'badMessage', now);
    const { message } = decoded;
    if (message.type === 'hello') return this.#mesh.handleHello(neighbour, message);
    const gathering = this.#gatherings.get(message.swarm);
    if (gathering === undefined) {
      if (message.type === 'join') this.#mesh.knocked(neighbour, message);
      if (message.type === 'part') neighbour.knocks.delete(message.swarm);
      return; // a swarm that we are not in, or no longer
    }
    switch (message.type) {
      case 'join':
        return this.#joined(gathering, neighbour, message, now);
      case 'part':
        neighbour.swarms.delete(gathering.id);
        return gathering.handlePart(link, now);
      case 'peers':
        return gathering.isOpen ? this.#mesh.introduced(neighbour, gathering.id, message.peers, now) : undefined;
      case 'have':
      case 'lost':
      case 'interest':
      case 'unchoke':
        return gathering instanceof Swarm ? gathering.handleMessage(link, message, now) : undefined;
      default:
        assertNever(message, 'peer message');
    }
  }

  /** We are in a swarm from now on: whoever joined before is heard. */
  welcome(gathering: Gathering, now: Instant): void {
    for (const [neighbour, join] of this.#mesh.knocks(gathering.id)) this.#joined(gathering, neighbour, join, now);
  }

  request(link: LinkId, request: RequestId, bytes: Uint8Array, now: Instant): void {
    const neighbour = this.#mesh.get(link);
    if (neighbour === undefined) return;
    const decoded = decode(bytes);
    if (decoded.ok && decoded.message.type === 'fileList') {
      const head = encode(listFiles(this.#gatherings.listed(), decoded.message));
      return this.#perform({ type: 'answer', link, request, head });
    }
    if (!decoded.ok || !isPeerRequest(decoded.message)) {
      this.#perform({ type: 'refuse', link, request, code: 'protocolViolated' });
      return this.#mesh.accuse(neighbour.peer, 'badMessage', now);
    }
    const asked = this.#gatherings.get(decoded.message.swarm);
    if (asked === undefined) return this.#perform({ type: 'refuse', link, request, code: 'notFound' });
    this.#exchanges.requested(request, link, asked);
    asked.handleRequest(link, request, decoded.message, now);
  }

  answer(fact: LinkFact & { type: 'answerReceived' }, now: Instant): void {
    const asker = this.#exchanges.endAsk(fact.ask);
    const decoded = decode(fact.head);
    const reply = decoded.ok && isPeerReply(decoded.message) ? decoded.message : undefined;
    asker?.handleAnswer(fact, reply, now);
  }

  #joined(gathering: Gathering, neighbour: Neighbour, join: Join, now: Instant): void {
    if (this.#mesh.handleJoin(neighbour, gathering.id, now)) gathering.handleJoin(neighbour, join, now);
  }
}
