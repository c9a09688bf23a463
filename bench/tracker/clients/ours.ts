// Clients of @shoal/tracker: an encrypted link each, many links to a socket. All links of a socket have one identity:
// to the tracker that is a peer with many links.

import { type AskId, type LinkFact, type LinkId, LinkNumbers } from '@shoal/machine';
import { type NodeLinks, openLinks } from '@shoal/transport-udp/node';
import { encode, type FileOffer, type SwarmId } from '@shoal/wire';
import { type Client, type Clients, type ClientSetting, largeFile, swarmHash } from '../contract.ts';

const chunkCount = 10; // as the server's table has it
const bodyBytesMax = 2 ** 20;
const linksPerSocket = 32;

export const ourClients: Clients = {
  fill: () => Promise.reject(new Error('the server fills its own table')),

  async open({ port, table, want }: ClientSetting, number: number): Promise<Client> {
    const swarm = swarmHash(number % table.swarms, 64) as SwarmId;
    const large = largeFile.swarm as SwarmId;
    const files: FileOffer[] = [
      { name: `${number % table.swarms}`, bytes: 10 ** 6, chunkCount, swarm },
      { name: largeFile.name, bytes: 10 ** 6, chunkCount: largeFile.chunkCount, swarm: large },
    ];
    const socket = await (sockets[Math.floor(number / linksPerSocket) % socketsMax] ??= Socket.open());
    const link = await socket.dial(port);
    const register = encode({ type: 'register', port: 4_000, files });
    await new Promise<void>((resolve) => socket.ask(link, register, resolve));
    const announce = encode({ type: 'announce', port: 4_000, want, swarms: [{ swarm, held: 0 }] });
    const locate = encode({ type: 'fileLocations', file: { swarm: large } });
    let chunk = number * 100;
    const holdThree = (): Uint8Array => {
      const chunks = [0, 1, 2].map((i) => (chunk + i) % largeFile.chunkCount);
      chunk += 3;
      return encode({ type: 'chunkRegister', swarm: large, held: { chunks } });
    };
    return {
      announce: (done) => socket.ask(link, announce, done),
      holdChunks: (done) => socket.ask(link, holdThree(), done),
      locate: (done) => socket.ask(link, locate, done),
      close: () => socket.hangUp(link),
    };
  },
};

const socketsMax = 8;
const sockets: Promise<Socket>[] = [];

class Socket {
  readonly #links: NodeLinks;
  readonly #numbers = new LinkNumbers();
  readonly #dialled = new Map<number, (link: LinkId) => void>();
  readonly #answered = new Map<AskId, () => void>();

  private constructor(links: NodeLinks) {
    this.#links = links;
    links.listen((fact) => this.#handle(fact));
  }

  static async open(): Promise<Socket> {
    return new Socket(await openLinks({ host: '127.0.0.1' }));
  }

  dial(port: number): Promise<LinkId> {
    const dial = this.#numbers.nextDial();
    this.#links.perform({ type: 'dial', dial, address: { host: '127.0.0.1', port } });
    return new Promise((resolve) => this.#dialled.set(dial, resolve));
  }

  ask(link: LinkId, request: Uint8Array, done: () => void): void {
    const ask = this.#numbers.nextAsk();
    this.#answered.set(ask, done);
    this.#links.perform({ type: 'ask', link, ask, request, bodyBytesMax });
  }

  hangUp(link: LinkId): void {
    this.#links.perform({ type: 'closeLink', link, code: 'done' });
  }

  #handle(fact: LinkFact): void {
    if (fact.type === 'linkOpened') {
      this.#dialled.get(fact.dial!)!(fact.link);
      this.#dialled.delete(fact.dial!);
    } else if (fact.type === 'answerReceived') {
      this.#links.recycle(fact.body);
      const done = this.#answered.get(fact.ask)!;
      this.#answered.delete(fact.ask);
      done();
    } else if (fact.type !== 'answerProgressed') throw new Error(`a client's link says ${fact.type}`);
  }
}
