// Peers that mean ill, over real links: one answers every request for a chunk with wrong bytes, one sends rubbish.

import { Bitfield, formatAddress, type LinkFact, type LinkId } from '@shoal/machine';
import { type NodeLinks, openLinks } from '@shoal/transport-udp/node';
import { decode, encode, type SwarmId } from '@shoal/wire';

/** What a rogue pretends to hold. */
export interface Pretence {
  readonly swarm: SwarmId;
  readonly chunkCount: number;
  readonly chunkBytes: number;
}

/** Claims to hold everything, and answers with zeros of the right length. */
export async function openLiar({ swarm, chunkCount, chunkBytes }: Pretence): Promise<Rogue> {
  const bits = Bitfield.full(chunkCount).toBytes();
  return openRogue((links, fact) => {
    if (fact.type === 'linkOpened') {
      send(links, fact.link, encode({ type: 'hello', agent: 'liar' }));
      send(links, fact.link, encode({ type: 'join', swarm, bits, offering: false }));
    }
    // A receiver that has just learnt the manifest joins again, now with bits, and is told ours again.
    const heard = fact.type === 'messageReceived' ? decode(fact.message) : undefined;
    if (fact.type === 'messageReceived' && heard?.ok === true && heard.message.type === 'join') {
      send(links, fact.link, encode({ type: 'join', swarm, bits, offering: false }));
      send(links, fact.link, encode({ type: 'unchoke', swarm, requests: 4 }));
    }
    if (fact.type !== 'requestReceived') return;
    const asked = decode(fact.message);
    const { link, request } = fact;
    if (asked.ok && asked.message.type === 'chunkRequest') {
      const head = encode({
        type: 'chunkReply',
        chunk: asked.message.chunk,
        waitedMs: 0,
        readMs: 0,
        congestion: 0,
        receiver: 0,
      });
      links.perform({ type: 'answer', link, request, head, body: new Uint8Array(chunkBytes) });
    } else links.perform({ type: 'refuse', link, request, code: 'notFound' });
  });
}

/** Sends bytes that are no message to whoever links, and answers every request with them. */
export const openBabbler = (rubbish: Uint8Array): Promise<Rogue> =>
  openRogue((links, fact) => {
    if (fact.type === 'linkOpened') for (let i = 0; i < 20; i += 1) send(links, fact.link, rubbish);
    if (fact.type === 'requestReceived')
      links.perform({ type: 'answer', link: fact.link, request: fact.request, head: rubbish, body: rubbish });
  });

export interface Rogue extends AsyncDisposable {
  readonly address: string;
}

async function openRogue(act: (links: NodeLinks, fact: LinkFact) => void): Promise<Rogue> {
  const links = await openLinks({ host: '127.0.0.1' });
  links.listen((fact) => {
    act(links, fact);
  });
  return {
    address: formatAddress(links.address),
    [Symbol.asyncDispose]: () => links.close(),
  };
}

const send = (links: NodeLinks, link: LinkId, message: Uint8Array): void =>
  links.perform({ type: 'sendMessage', link, message });
