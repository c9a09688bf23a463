// A storm of hostile datagrams around one endpoint, in virtual time, drawn from one seed: rubbish, real datagrams spoilt,
// repeated and glued, first packets without end, and remotes that are authenticated and seal whatever they like; from
// true addresses and false ones. Through all of it somebody honest asks questions and has to get true answers. Whatever
// the endpoint throws, keeps or sends too much of shows here.

import { type Address, formatAddress, type Instant, instant, invariant, type PeerId, type Rng } from '@shoal/machine';
import { seededRng } from '@shoal/machine';
import type { Transmit } from '../../src/datagram-machine.ts';
import { type HandshakePacket, readHandshakePacket } from '../../src/handshake/handshake-packet.ts';
import { nodeCrypto } from '../../src/node/node-crypto.ts';
import { type ConnectionId, packetKinds, packetLengthAt, viewOf } from '../../src/packet/header.ts';
import { HostileRemote } from './hostile-remote.ts';
import { glued, rubbish, spoilt } from './rubbish.ts';
import { type Asker, LinkSide, StreamSide } from './sides.ts';

const targetAddress: Address = { host: '10.0.0.1', port: 1_000 };
const honestAddress: Address = { host: '10.0.0.2', port: 1_000 };
const remotesMax = 6;
const seenMax = 256;
const spoofedMax = 1_024;
/** RFC 9000 section 8: so many times what came from an address that has not been proved. */
const amplificationMax = 3;
const healMs = 60_000;

const config = {
  datagramBytesMax: 4_096,
  connectionsMax: 128,
  retryFromHandshakes: 8,
  pendingHandshakesMax: 64,
  streamWindowBytes: 131_072,
  connectionWindowBytes: 262_144,
  remoteStreamsMax: 16,
  idleTimeoutMs: 5_000,
  keepAliveMs: 1_000,
  handshakeTimeoutMs: 200,
};

/** What came from and went to an address where nobody of ours listens. */
interface Account {
  received: number;
  sent: number;
}

interface Remote {
  address: Address;
  hostile: HostileRemote;
  /** The target dialled it, and it waits for that. */
  answers: boolean;
}

interface Flying {
  readonly at: Instant;
  readonly bytes: Uint8Array;
  readonly from: Address;
  readonly to: Address;
}

export class Storm {
  readonly target: Asker;
  /** Most that was answered, over what was asked, by an address that never proved anything. */
  answeredMost = 0;
  datagrams = 0;
  readonly #seed: string;
  readonly #rng: Rng;
  readonly #honest: Asker;
  readonly #psk: Uint8Array | undefined;
  readonly #remotes: Remote[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #spoofed: readonly Address[];
  readonly #seen: Uint8Array[] = [];
  #flying: Flying[] = [];
  #now: Instant = instant(0);
  #remotesMade = 0;
  readonly #buffer = new Uint8Array(65_507);

  constructor(seed: string) {
    this.#seed = seed;
    const rng = seededRng(seed);
    this.#rng = rng;
    const SideKind = rng.chance(0.5) ? StreamSide : LinkSide;
    this.#psk = rng.chance(0.2) ? rng.bytes(32) : undefined;
    const psk = this.#psk === undefined ? {} : { psk: this.#psk };
    const peers: PeerId[] = [];
    const side = (name: string, other: number): Asker => {
      const draws = seededRng(`${seed}/${name}`);
      const keyPair = nodeCrypto.keyPairOf(draws.bytes(32));
      const randomBytes = (count: number): Uint8Array => draws.bytes(count);
      return new SideKind(
        { crypto: nodeCrypto, keyPair, randomBytes, config, ...psk },
        draws.fork('acts'),
        () => peers[other]!,
      );
    };
    this.target = side('target', 1);
    this.#honest = side('honest', 0);
    peers.push(this.target.endpoint.peer, this.#honest.endpoint.peer);
    this.#spoofed = Array.from({ length: spoofedMax }, (_, i) => ({ host: `10.66.${i >> 8}.${i & 255}`, port: 1 + i }));
    for (let i = 0; i < remotesMax; i += 1)
      this.#remotes.push({
        address: { host: `10.1.0.${i}`, port: 1_000 },
        hostile: this.#newHostile(),
        answers: false,
      });
  }

  /** True answers that somebody honest got so far. */
  get answered(): number {
    return this.#honest.answered;
  }

  /** Sends `count` hostile datagrams. */
  run(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#pass(this.#rng.below(100) / 1_000);
      this.#attack();
      if (this.#rng.chance(0.02)) this.target.act(this.#now);
      if (this.#rng.chance(0.001)) this.#honest.ask(targetAddress, this.target.endpoint.peer, this.#now);
      if (this.#rng.chance(0.25)) this.#drain();
    }
    this.#drain();
  }

  /** The attack is over: within a minute somebody honest is answered, and everybody else is forgotten. */
  heal(): void {
    const before = this.answered;
    for (let ms = 0; ms < healMs; ms += 5) {
      if (this.answered === before && ms % 1_000 === 0)
        this.#honest.ask(targetAddress, this.target.endpoint.peer, this.#now);
      this.#pass(5);
      this.#drain();
    }
    invariant(this.answered > before, 'somebody honest is answered when the storm is over');
    const { connections } = this.target.endpoint.stats;
    invariant(connections <= 1, `hostile connections are forgotten, not ${connections} kept`);
  }

  // The attack

  #attack(): void {
    const rng = this.#rng;
    switch (rng.below(16)) {
      case 0:
        return this.#hit(rubbish(rng, this.#ids()), this.#anywhere());
      case 1:
        return this.#hit(this.#spoiltSeen(), this.#anywhere());
      case 2:
        return this.#hit(rng.pick(this.#seen)?.slice() ?? new Uint8Array(), this.#anywhere());
      case 3: {
        const parts = Array.from({ length: 1 + rng.below(8) }, () => rng.pick(this.#seen) ?? new Uint8Array());
        return this.#hit(glued(rng.chance(0.5) ? [...parts, rubbish(rng, this.#ids())] : parts), this.#anywhere());
      }
      case 4:
        return this.#hit(this.#firstPacket(), rng.pick(this.#spoofed)!);
      default:
        return this.#attackAsRemote(rng.pick(this.#remotes)!);
    }
  }

  #attackAsRemote(remote: Remote): void {
    const rng = this.#rng;
    const { established, shutOut } = remote.hostile;
    if (shutOut || rng.chance(established ? 0.001 : 0.05)) return this.#renew(remote);
    if (!established) return;
    if (rng.chance(0.002)) remote.address = this.#elsewhere(remote.address);
    const bytes = remote.hostile.next();
    const from = rng.chance(0.02) ? rng.pick(this.#spoofed)! : remote.address;
    this.#hit(rng.chance(0.02) ? spoilt(bytes, rng) : bytes, from);
  }

  /** A new handshake: the remote dials, or is dialled, or both. */
  #renew(remote: Remote): void {
    const rng = this.#rng;
    remote.answers = rng.chance(0.6);
    if (remote.answers) this.target.dial(remote.address, this.#now);
    if (remote.answers && rng.chance(0.7)) return;
    remote.hostile = this.#newHostile();
    this.#shakeHands(remote);
  }

  #shakeHands({ hostile, address }: Remote): void {
    const rng = this.#rng;
    const bytes = hostile.pollHandshake();
    if (bytes === undefined) return;
    if (rng.chance(0.1)) this.#hit(spoilt(bytes, rng), address);
    if (rng.chance(0.99)) this.#hit(bytes, address);
  }

  #newHostile(first?: HandshakePacket): HostileRemote {
    this.#remotesMade += 1;
    const rng = seededRng(`${this.#seed}/remote ${this.#remotesMade}`);
    return new HostileRemote({ rng, now: this.#now, psk: this.#psk, first });
  }

  #ids(): ConnectionId[] {
    return this.#remotes.flatMap(({ hostile }) => [hostile.localId, hostile.remoteId]);
  }

  #spoiltSeen(): Uint8Array {
    const seen = this.#rng.pick(this.#seen);
    return seen === undefined ? new Uint8Array() : spoilt(seen, this.#rng);
  }

  /** A first packet whose key nobody has; in some the message has a wrong size, or there is a token. */
  #firstPacket(): Uint8Array {
    const rng = this.#rng;
    const bytes = new Uint8Array(rng.chance(0.9) ? 1_200 : 60 + rng.below(1_300));
    bytes.set(rng.bytes(60));
    const view = viewOf(bytes);
    bytes[0] = packetKinds.handshake;
    view.setUint16(1, bytes.length);
    if (rng.chance(0.9)) bytes.fill(0, 3, 11);
    bytes[19] = rng.chance(0.95) ? 1 : rng.below(256);
    bytes[20] = rng.chance(0.9) ? 1 : rng.below(5);
    view.setUint16(21, rng.chance(0.9) ? 32 : rng.below(100));
    if (rng.chance(0.5)) bytes[23 + 32] = rng.below(64);
    return bytes;
  }

  #anywhere(): Address {
    const rng = this.#rng;
    return rng.chance(0.8) ? rng.pick(this.#spoofed)! : rng.pick(this.#remotes)!.address;
  }

  /** Another port, or another host, where the same remote gets what is sent to it. */
  #elsewhere({ host }: Address): Address {
    const [, , , last] = host.split('.');
    return { host: `10.1.${this.#rng.below(2)}.${last}`, port: 1_000 + this.#rng.below(3) };
  }

  #hit(bytes: Uint8Array, from: Address): void {
    this.datagrams += 1;
    this.#see(bytes);
    if (from.host.startsWith('10.66.')) this.#account(from).received += bytes.length;
    const given = bytes.slice();
    this.target.machine.handleDatagram(given, from, this.#now);
    given.fill(0xaa); // sockets use their buffers again
  }

  #see(bytes: Uint8Array): void {
    if (bytes.length === 0 || bytes.length > 3_000 || !this.#rng.chance(0.05)) return;
    if (this.#seen.length < seenMax) this.#seen.push(bytes.slice());
    else this.#seen[this.#rng.below(seenMax)] = bytes.slice();
  }

  // The world

  #pass(ms: number): void {
    this.#now = instant(this.#now + ms);
    const arrived = this.#flying.filter(({ at }) => at <= this.#now);
    if (arrived.length > 0) this.#flying = this.#flying.filter(({ at }) => at > this.#now);
    for (const { bytes, from, to } of arrived) {
      const machine = to === targetAddress ? this.target.machine : this.#honest.machine;
      // Somebody writes from the honest address, and the system glues it together.
      const parts = this.#rng.chance(0.1) ? [rubbish(this.#rng, this.#ids()), bytes] : [bytes];
      machine.handleDatagram(glued(parts), from, this.#now);
    }
    for (const { machine } of [this.target, this.#honest])
      if (machine.nextTimeout() <= this.#now) machine.handleTimeout(this.#now);
  }

  #drain(): void {
    this.#drainSide(this.target, targetAddress);
    this.#drainSide(this.#honest, honestAddress);
    const { connections } = this.target.endpoint.stats;
    invariant(connections <= config.connectionsMax, `there are at most connectionsMax, not ${connections}`);
  }

  #drainSide(side: Asker, address: Address): void {
    for (;;) {
      for (let output = side.machine.poll(); output !== undefined; output = side.machine.poll()) side.handle(output);
      const transmit = side.machine.pollTransmit(this.#buffer, this.#now);
      if (transmit === undefined) break;
      this.#send(transmit, address);
    }
    for (let output = side.machine.poll(); output !== undefined; output = side.machine.poll()) side.handle(output);
  }

  #send({ length, segmentBytes, address: to }: Transmit, from: Address): void {
    for (let at = 0; at < length; at += segmentBytes) {
      const bytes = this.#buffer.subarray(at, Math.min(length, at + segmentBytes));
      if (to.host.startsWith('10.66.')) this.#charge(to, bytes.length);
      else if (to.host.startsWith('10.1.')) this.#deliver(to, bytes);
      else {
        const at = instant(this.#now + 5 + (this.#rng.chance(0.1) ? this.#rng.below(20) : 0)); // some are overtaken
        this.#flying.push({ at, bytes: bytes.slice(), from, to: this.#true(to) });
      }
      this.#see(bytes);
    }
  }

  #true = (address: Address): Address => (address.host === targetAddress.host ? targetAddress : honestAddress);

  /** Nobody there ever asked for anything, or sees it. */
  #charge(to: Address, bytes: number): void {
    const account = this.#account(to);
    account.sent += bytes;
    const ratio = account.sent / account.received;
    this.answeredMost = Math.max(this.answeredMost, ratio);
    invariant(ratio <= amplificationMax, `${formatAddress(to)} sent ${account.received} and got ${account.sent} bytes`);
  }

  #deliver(to: Address, bytes: Uint8Array): void {
    const remote = this.#remotes[Number(to.host.split('.')[3])]!;
    if (remote.answers) {
      const length = packetLengthAt(viewOf(bytes), 0);
      const packet =
        bytes[0] === packetKinds.handshake ? readHandshakePacket(bytes, viewOf(bytes), 0, length) : undefined;
      if (packet?.step === 1) {
        remote.answers = false;
        remote.hostile = this.#newHostile(packet);
      }
    } else remote.hostile.receive(bytes, this.#now);
    this.#shakeHands(remote);
  }

  #account(of: Address): Account {
    const key = formatAddress(of);
    let account = this.#accounts.get(key);
    if (account === undefined) this.#accounts.set(key, (account = { received: 0, sent: 0 }));
    return account;
  }
}
