// Who is told what happens in a transport on a socket: the user's functions, once the machine is done with what it does,
// and qlog files.

import type { EventSink, PacketEvent, TransportEvent } from '../events/transport-event.ts';
import { QlogFiles } from './qlog-files.ts';

export interface TraceOptions {
  /** Is told what happens to connections: opened, moved, closed, packets lost, and so on. */
  readonly onEvent?: (event: TransportEvent) => void;
  /** Is told of every packet sent and received. */
  readonly onPacket?: (event: PacketEvent) => void;
  /** A directory that gets a qlog file for each connection, for qvis and its like. Costs time and disk for every packet. */
  readonly qlog?: string;
}

export interface Trace {
  readonly sink: EventSink;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** Undefined when nobody wants to know. Fails with ShoalError `permissionDenied` or `diskFailed`. */
export async function openTrace({ onEvent, onPacket, qlog }: TraceOptions): Promise<Trace | undefined> {
  if (onEvent === undefined && onPacket === undefined && qlog === undefined) return undefined;
  const files = qlog === undefined ? undefined : await QlogFiles.open(qlog);
  const note = files === undefined ? undefined : (event: TransportEvent | PacketEvent): void => files.note(event);
  return {
    sink: { onEvent: both(later(onEvent), note), onPacket: both(later(onPacket), note) },
    close: async () => files?.close(),
  };
}

type Handler<E> = ((event: E) => void) | undefined;

const both = <E>(one: Handler<E>, other: Handler<E>): Handler<E> =>
  one === undefined || other === undefined
    ? (one ?? other)
    : (event) => {
        one(event);
        other(event);
      };

/** Calls `handle` behind what runs now: it may throw, and call the transport. */
function later<E>(handle: Handler<E>): Handler<E> {
  if (handle === undefined) return undefined;
  let waiting: E[] = [];
  const tell = (): void => {
    const events = waiting;
    waiting = [];
    for (const event of events) handle(event);
  };
  return (event) => {
    if (waiting.push(event) === 1) queueMicrotask(tell);
  };
}
