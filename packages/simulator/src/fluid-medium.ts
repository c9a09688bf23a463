// Uplinks and downlinks as pipes of a given rate, without packets: the network of large simulated swarms. A node's uplink
// is shared fairly: it serves the remotes it has something for in turn, one quantum of bytes each. A parcel's last byte
// arrives when both the sender's uplink and the receiver's downlink have carried it, and the delay has passed.
// Messages are small and only take the delay; what they weigh together is counted.

import { after, Heap, type Instant, instant, NEVER, Outbox } from '@shoal/machine';
import type { Medium, Parcel } from '@shoal/machine/testing';

/** Bytes per second; Infinity is no limit. */
export interface Rates {
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
}

interface Flight {
  readonly parcel: Parcel;
  /** Bytes that have not left yet. */
  left: number;
  cancelled: boolean;
}

/** Bodies from one node to one other, in order. */
interface Flow {
  readonly to: number;
  readonly flights: Outbox<Flight>;
  /** The one being sent. */
  head: Flight | undefined;
}

interface Pipes {
  rates: Rates;
  readonly flows: Map<number, Flow>;
  /** Flows with something to send, in the order of their turns. */
  readonly turns: Outbox<Flow>;
  isSending: boolean;
  /** When the downlink has carried what is on its way. */
  downFreeAt: Instant;
}

interface Happening {
  readonly at: Instant;
  readonly order: number;
  readonly happen: (at: Instant) => void;
}

const quantumBytesDefault = 128 * 1024; // a whole chunk of the usual size: one event a chunk

export interface FluidMediumOptions {
  /** From any node to any other, one way. */
  readonly delayMs: number;
  readonly quantumBytes?: number;
}

export class FluidMedium implements Medium {
  readonly #delayMs: number;
  readonly #quantumBytes: number;
  readonly #pipes: Pipes[] = [];
  readonly #flights = new Map<Parcel, Flight>();
  /** Messages under way. All take the same time, so they arrive in this order, the first of them apart from the rest. */
  readonly #messages = new Outbox<Happening>();
  #firstMessage: Happening | undefined;
  readonly #happenings = new Heap<Happening>(isBefore);
  #orders = 0;
  /** What messages have weighed so far. */
  messageBytes = 0;

  constructor({ delayMs, quantumBytes = quantumBytesDefault }: FluidMediumOptions) {
    this.#delayMs = delayMs;
    this.#quantumBytes = quantumBytes;
  }

  /** Nodes are numbered from 0 in the order in which they are added, as in the LinkNetwork. */
  addNode(rates: Rates): void {
    const [flows, turns] = [new Map<number, Flow>(), new Outbox<Flow>()];
    this.#pipes.push({ rates, flows, turns, isSending: false, downFreeAt: instant(0) });
  }

  /** Takes effect with the next quantum. */
  setRates(node: number, rates: Rates): void {
    this.#pipes[node]!.rates = rates;
  }

  rates(node: number): Rates {
    return this.#pipes[node]!.rates;
  }

  isSending(node: number): boolean {
    return this.#pipes[node]!.isSending;
  }

  send(parcel: Parcel, now: Instant): void {
    if (parcel.kind === 'message') {
      this.messageBytes += parcel.bytes;
      return this.#enqueue({ at: after(now, this.#delayMs), order: this.#orders++, happen: parcel.arrive });
    }
    const pipes = this.#pipes[parcel.from]!;
    const flight: Flight = { parcel, left: parcel.bytes, cancelled: false };
    this.#flights.set(parcel, flight);
    const flow = pipes.flows.get(parcel.to) ?? this.#newFlow(pipes, parcel.to);
    flow.flights.push(flight);
    if (!pipes.isSending) this.#sendQuantum(pipes, now);
  }

  /** What has left the uplink is spent; the rest is not sent. */
  cancel(parcel: Parcel): void {
    const flight = this.#flights.get(parcel);
    if (flight === undefined) return;
    flight.cancelled = true;
    this.#flights.delete(parcel);
  }

  roundTripMs(): number {
    return 2 * this.#delayMs;
  }

  nextTimeout(): Instant {
    return this.#next()?.at ?? NEVER;
  }

  handleTimeout(now: Instant): void {
    for (let next = this.#next(); next !== undefined && next.at <= now; next = this.#next()) {
      if (next === this.#firstMessage) this.#firstMessage = this.#messages.poll();
      else this.#happenings.pop();
      next.happen(next.at);
    }
  }

  #next(): Happening | undefined {
    const [message, other] = [this.#firstMessage, this.#happenings.peek()];
    if (message === undefined || other === undefined) return message ?? other;
    return isBefore(message, other) ? message : other;
  }

  #enqueue(message: Happening): void {
    if (this.#firstMessage === undefined) this.#firstMessage = message;
    else this.#messages.push(message);
  }

  #newFlow(pipes: Pipes, to: number): Flow {
    const flow: Flow = { to, flights: new Outbox(), head: undefined };
    pipes.flows.set(to, flow);
    pipes.turns.push(flow);
    return flow;
  }

  /** The uplink's next quantum: of the flow whose turn it is. A flow with nothing left is forgotten. */
  #sendQuantum(pipes: Pipes, now: Instant): void {
    for (let flow = pipes.turns.poll(); flow !== undefined; flow = pipes.turns.poll()) {
      const flight = nextFlight(flow);
      if (flight === undefined) {
        pipes.flows.delete(flow.to);
        continue;
      }
      const bytes = Math.min(this.#quantumBytes, flight.left);
      const sentAt = after(now, (bytes / pipes.rates.upBytesPerSecond) * 1_000);
      pipes.isSending = true;
      const turn = flow;
      this.#later(sentAt, () => this.#quantumSent(pipes, turn, flight, bytes, now, sentAt));
      return;
    }
    pipes.isSending = false;
  }

  #quantumSent(pipes: Pipes, flow: Flow, flight: Flight, bytes: number, startedAt: Instant, sentAt: Instant): void {
    flight.left -= bytes;
    const at = this.#throughDownlink(flow.to, bytes, startedAt, sentAt);
    const { parcel } = flight;
    const sent = parcel.bytes - flight.left;
    this.#later(at, () => {
      if (flight.cancelled) return;
      if (sent < parcel.bytes) return parcel.progress(sent, at);
      this.#flights.delete(parcel);
      parcel.arrive(at);
    });
    pipes.turns.push(flow);
    this.#sendQuantum(pipes, sentAt);
  }

  /** When a quantum that left the uplink between two moments has come out of the receiver's downlink. */
  #throughDownlink(node: number, bytes: number, startedAt: Instant, sentAt: Instant): Instant {
    const down = this.#pipes[node]!;
    const begins = Math.max(down.downFreeAt, after(startedAt, this.#delayMs));
    down.downFreeAt = instant(begins + (bytes / down.rates.downBytesPerSecond) * 1_000);
    return instant(Math.max(down.downFreeAt, after(sentAt, this.#delayMs)));
  }

  #later(at: Instant, happen: (at: Instant) => void): void {
    this.#happenings.push({ at, order: this.#orders++, happen });
  }
}

const isBefore = (a: Happening, b: Happening): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** The flight to go on with: the one begun, or the first that is still wanted. */
function nextFlight(flow: Flow): Flight | undefined {
  while (flow.head === undefined || flow.head.left === 0 || flow.head.cancelled) {
    flow.head = flow.flights.poll();
    if (flow.head === undefined) return undefined;
  }
  return flow.head;
}
