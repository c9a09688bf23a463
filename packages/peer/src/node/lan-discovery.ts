// Peers of the same local network find one another by multicast, without a tracker (after BEP 14). What is heard is
// hearsay of the host that it comes from, and leads to nothing but a dial, whose answer is authenticated and whose chunks
// are verified like any other's.

import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { HashSuite } from '@shoal/chunker';
import { type Address, after, type Clock, isIpv6, type Rng } from '@shoal/machine';
import type { SwarmId } from '@shoal/wire';
import { encodeNotice, nonceBytes, readNotice, swarmsPerNoticeMax } from '../lan-notice.ts';

/**
 * In the organization-local scope of RFC 2365, section 6.2: routers of a home let it through to nobody; and in the
 * link-local one of RFC 4291, section 2.7, which no router forwards.
 */
export const lanGroups: readonly Address[] = [
  { host: '239.192.83.104', port: 41_610 },
  { host: 'ff02::5368:6f61', port: 41_610 },
];

const pauseMsMin = 1_000; // between two notices, however many swarms are joined meanwhile
const pauseMs = 60_000; // BEP 14 asks for no more than one a minute
const noticesPerSecondMax = 64; // heard; further ones are dropped
const hostsMax = 256; // heard of in a minute; further ones are ignored
const portsPerHostMax = 16; // so many peers of one host

export interface LanDiscoveryOptions {
  /** Where our links are bound. */
  readonly links: Address;
  /** Those of IPv6 serve where links are bound to an address of IPv6, such as `::`. */
  readonly groups: readonly Address[];
  readonly clock: Clock;
  readonly rng: Rng;
  readonly hashes: HashSuite;
  /** Of a carrier that is closed to others. */
  readonly secret?: Uint8Array | undefined;
  /** Those that take part with whomever they find. */
  readonly swarms: () => readonly SwarmId[];
  readonly found: (swarm: SwarmId, address: Address) => void;
  /** It does not work here. */
  readonly failed: (why: string) => void;
}

export class LanDiscovery {
  readonly #options: LanDiscoveryOptions;
  readonly #sockets: Socket[] = [];
  readonly #senders: { readonly socket: Socket; readonly group: Address }[] = [];
  /** Our own on the local network. */
  readonly #hosts: readonly string[];
  #cancel: (() => void) | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #heard = new Map<string, Set<number>>();
  #second = 0;
  #noticesThisSecond = 0;

  /** Undefined when no interface of ours is one of a local network. */
  static start(options: LanDiscoveryOptions): LanDiscovery | undefined {
    const hosts = lanHosts(options.links.host);
    return hosts.length === 0 ? undefined : new LanDiscovery(options, hosts);
  }

  private constructor(options: LanDiscoveryOptions, hosts: readonly string[]) {
    this.#options = options;
    this.#hosts = hosts;
    for (const group of options.groups) {
      const through = hosts.filter(isIpv6(group.host) ? isIpv6 : isIPv4).map(interfaceOf);
      if (through.length === 0) continue;
      this.#listen(group, through);
      for (const from of through) this.#openSender(group, from);
    }
  }

  /** A swarm was joined: the others hear of it soon. */
  announce(): void {
    const { clock } = this.#options;
    this.#cancel?.();
    this.#cancel = clock.alarm(after(clock.now(), Math.max(0, this.#toldAt + pauseMsMin - clock.now())), () =>
      this.#tell(),
    );
  }

  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const closing = this.#sockets.splice(0).map((socket) => new Promise<void>((done) => socket.close(() => done())));
    await Promise.all(closing);
  }

  #tell(): void {
    const { links, clock, rng, hashes, secret, swarms } = this.#options;
    this.#toldAt = clock.now();
    this.#heard = new Map();
    this.#cancel = clock.alarm(after(clock.now(), pauseMs), () => this.#tell());
    const own = rng.shuffle([...swarms()]).slice(0, swarmsPerNoticeMax); // of very many, others the next time
    if (own.length === 0) return;
    const notice = encodeNotice(links.port, own, rng.bytes(nonceBytes), { hashes, secret });
    for (const { socket, group } of this.#senders) socket.send(notice, group.port, group.host, () => undefined); // lost like any datagram
  }

  #listen(group: Address, through: readonly string[]): void {
    const socket = this.#open(group);
    socket.on('message', (bytes, { address }) => this.#hear(bytes, address));
    socket.bind(group.port, () => {
      try {
        for (const one of through) socket.addMembership(group.host, one);
      } catch (error) {
        this.#options.failed(`cannot join the multicast group ${group.host}: ${String(error)}`);
      }
    });
  }

  #openSender(group: Address, from: string): void {
    const socket = this.#open(group);
    socket.bind(0, isIPv4(from) ? from : undefined, () => {
      try {
        socket.setMulticastInterface(from);
        this.#senders.push({ socket, group });
      } catch (error) {
        this.#options.failed(`cannot send multicast from ${from}: ${String(error)}`);
      }
    });
  }

  #open({ host }: Address): Socket {
    const family = isIpv6(host) ? ({ type: 'udp6', ipv6Only: true } as const) : ({ type: 'udp4' } as const);
    const socket = createSocket({ ...family, reuseAddr: true });
    socket.on('error', (error) => this.#options.failed(String(error)));
    this.#sockets.push(socket);
    return socket;
  }

  #hear(bytes: Uint8Array, host: string): void {
    const { links, hashes, secret, swarms, found } = this.#options;
    if (this.#isTooMuch()) return;
    const notice = readNotice(bytes, swarms(), { hashes, secret });
    if (notice === undefined || notice.swarms.length === 0) return;
    const { port } = notice;
    if (port === links.port && this.#hosts.includes(host)) return; // ourselves
    const ports = this.#heard.get(host) ?? new Set();
    if (!this.#heard.has(host) && this.#heard.size >= hostsMax) return;
    if (!ports.has(port) && ports.size >= portsPerHostMax) return;
    this.#heard.set(host, ports.add(port));
    for (const swarm of notice.swarms) found(swarm, { host, port });
  }

  #isTooMuch(): boolean {
    const second = Math.floor(this.#options.clock.now() / 1_000);
    this.#noticesThisSecond = second === this.#second ? this.#noticesThisSecond + 1 : 1;
    this.#second = second;
    return this.#noticesThisSecond > noticesPerSecondMax;
  }
}

/**
 * Our addresses at which links are accepted, other than loopback unless they are bound to that. Of IPv6 those with the name of
 * their interface, which every interface has one of.
 */
function lanHosts(bound: string): string[] {
  const own = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    list.map(({ family, address }) => (family === 'IPv4' ? address : `${address}%${name}`)),
  );
  const hosts = own.filter((host) => isIPv4(host) || host.startsWith('fe80:'));
  if (bound !== '0.0.0.0' && bound !== '::') return hosts.filter((host) => host === bound);
  return hosts.filter((host) => !host.startsWith('127.') && (bound === '::' || isIPv4(host)));
}

/** How the system is told of an interface: by its address, or by its name (`::%name`) where that is of IPv6. */
const interfaceOf = (host: string): string => (isIPv4(host) ? host : `::%${host.split('%')[1]}`);
