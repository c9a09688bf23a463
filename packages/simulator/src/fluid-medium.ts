// Uplinks and downlinks as pipes of a given rate, without packets: the network of large simulated swarms. A node's uplink
// is shared fairly: it serves the remotes it has something for in turn, one quantum of bytes each. A parcel's last byte
// arrives when both the sender's uplink and the receiver's downlink have carried it, and the delay has passed. Until then
// only the sender's pipes are looked at, from then on only the receiver's.
// Messages are small and only take the delay; what they weigh together is counted.

import { after, type Instant, instant, Outbox } from '@shoal/machine';
import { Agenda, type Medium, type Parcel } from '@shoal/machine/testing';

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

const quantumBytesDefault = 128 * 1024; // a whole chunk of the usual size: one event a chunk

export interface FluidMediumOptions {
  /** From any node to any other, one way. */
  readonly delayMs: number;
  readonly quantumBytes?: number;
}

export class FluidMedium implements Medium {
  readonly agenda: Agenda = new Agenda();
  readonly #delayMs: number;
  readonly #quantumBytes: number;
  readonly #pipes: Pipes[] = [];
  readonly #flights = new Map<Parcel, Flight>();
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
      this.agenda.add(parcel.to, after(now, this.#delayMs), parcel.arrive);
      return this.#delivered(parcel, now);
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
      this.agenda.add(flight.parcel.from, sentAt, () => this.#quantumSent(pipes, turn, flight, bytes, now, sentAt));
      return;
    }
    pipes.isSending = false;
  }

  #quantumSent(pipes: Pipes, flow: Flow, flight: Flight, bytes: number, startedAt: Instant, sentAt: Instant): void {
    flight.left -= bytes;
    const { parcel } = flight;
    const sent = parcel.bytes - flight.left;
    const arrive = (at: Instant): void => {
      if (flight.cancelled) return;
      if (sent < parcel.bytes) return parcel.progress?.(sent, at);
      this.#flights.delete(parcel);
      parcel.arrive(at);
    };
    if (flight.left === 0) this.#delivered(parcel, sentAt);
    const reachesAt = after(startedAt, this.#delayMs);
    this.agenda.add(flow.to, after(sentAt, this.#delayMs), (at) => {
      const throughAt = this.#throughDownlink(flow.to, bytes, reachesAt);
      if (throughAt <= at) arrive(at);
      else this.agenda.add(flow.to, throughAt, arrive);
    });
    pipes.turns.push(flow);
    this.#sendQuantum(pipes, sentAt);
  }

  /** A downlink that is slower than that is the receiver's matter. */
  #delivered({ from, delivered }: Parcel, sentAt: Instant): void {
    if (delivered !== undefined) this.agenda.add(from, after(sentAt, this.#delayMs), delivered);
  }

  /** When what reaches the downlink from a moment on has come out of it, should it all be there as soon as it is wanted. */
  #throughDownlink(node: number, bytes: number, reachesAt: Instant): Instant {
    const down = this.#pipes[node]!;
    const begins = Math.max(down.downFreeAt, reachesAt);
    down.downFreeAt = instant(begins + (bytes / down.rates.downBytesPerSecond) * 1_000);
    return down.downFreeAt;
  }
}

/** The flight to go on with: the one begun, or the first that is still wanted. */
function nextFlight(flow: Flow): Flight | undefined {
  while (flow.head === undefined || flow.head.left === 0 || flow.head.cancelled) {
    flow.head = flow.flights.poll();
    if (flow.head === undefined) return undefined;
  }
  return flow.head;
}
