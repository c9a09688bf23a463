// Runs a datagram machine on a socket: receives whatever the socket holds, then, once per turn of the event loop,
// drains what the machine has to say and to send. Waiting for the end of the turn is what makes batches: one
// acknowledgement and one large send for many datagrams.

import { type Instant, NEVER } from '@shoal/machine';
import { nodeClock } from '@shoal/machine/node';
import type { DatagramMachine } from '../datagram-machine.ts';
import type { UdpSocket } from './udp-socket.ts';

const turnMsMax = 50;
/** So many times in a row what waits in the socket goes before what we have to say. */
const pumpsPutOffMax = 2;
/** Sends of up to 64 KiB before what has arrived meanwhile is looked at. */
const sendsPerTurnMax = 32;

export class DatagramDriver<Output, M extends DatagramMachine<Output>> {
  readonly machine: M;
  readonly #socket: UdpSocket;
  readonly #perform: (output: Output) => void;
  #immediate: NodeJS.Immediate | undefined;
  #cancelAlarm: (() => void) | undefined;
  #alarmAt: Instant = NEVER;
  #pumpsPutOff = 0;
  #stopped = false;
  #turned: (() => void)[] = [];

  constructor(machine: M, socket: UdpSocket, perform: (output: Output) => void) {
    this.machine = machine;
    this.#socket = socket;
    this.#perform = perform;
    socket.onDrained = () => this.#pumpSoon();
    socket.onReceived((bytes, from) => {
      if (this.#stopped) return;
      machine.handleDatagram(bytes, from, nodeClock.now());
      this.#pumpSoon();
    });
  }

  /** Calls the machine now; what comes of it happens at the end of this turn of the event loop. */
  tell(call: (machine: M, now: Instant) => void): void {
    if (this.#stopped) return;
    this.#pumpSoon();
    call(this.machine, nodeClock.now());
  }

  /** Resolves when everything of the next turn is done, at the latest after 50 ms. */
  turned(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, turnMsMax);
      this.#turned.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Nothing is called after this. */
  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#immediate);
    this.#cancelAlarm?.();
  }

  #pumpSoon(): void {
    if (!this.#stopped) this.#immediate ??= setImmediate(() => this.#pump());
  }

  #pump(): void {
    this.#immediate = undefined;
    if (this.#socket.moreWaits() && this.#pumpsPutOff < pumpsPutOffMax) {
      this.#pumpsPutOff += 1;
      return this.#pumpSoon();
    }
    this.#pumpsPutOff = 0;
    try {
      do {
        this.#drainOutputs();
      } while (this.#transmit());
    } finally {
      this.#arm(); // also when a handler of outputs throws
      for (const resolve of this.#turned.splice(0)) resolve();
    }
    if (!this.#stopped) this.#socket.receiveMore();
  }

  #drainOutputs(): void {
    for (let output = this.machine.poll(); output !== undefined; output = this.machine.poll()) this.#perform(output);
  }

  /** Sends everything that may leave; true when sending has brought outputs up that must be drained first. */
  #transmit(): boolean {
    if (this.#stopped) return false;
    for (let sends = 0; ; sends += 1) {
      if (sends === sendsPerTurnMax) {
        this.#pumpSoon();
        break;
      }
      const buffer = this.#socket.takeBuffer();
      if (buffer === undefined) break;
      const transmit = this.machine.pollTransmit(buffer, nodeClock.now());
      if (transmit === undefined) {
        this.#socket.giveBuffer(buffer);
        break;
      }
      this.#socket.send(buffer, transmit);
    }
    const output = this.machine.poll();
    if (output !== undefined) this.#perform(output);
    return output !== undefined;
  }

  #arm(): void {
    const at = this.machine.nextTimeout();
    if (this.#stopped || (at === this.#alarmAt && this.#cancelAlarm !== undefined)) return;
    this.#cancelAlarm?.();
    this.#alarmAt = at;
    this.#cancelAlarm = at === NEVER ? undefined : nodeClock.alarm(at, () => this.#ring());
  }

  #ring(): void {
    this.#cancelAlarm = undefined;
    this.machine.handleTimeout(nodeClock.now());
    this.#pump();
  }
}
