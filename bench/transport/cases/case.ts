// A measurement between two processes: one listens, one dials. Each side returns numbers; both go into one set.

import type { ByteStream, Contact, Transport } from '../contract.ts';

export type Figures = Readonly<Record<string, number>>;

export interface Setting {
  /** The side's own address. */
  readonly host: string;
  /** How long to measure. */
  readonly seconds: number;
  /** Compare every byte that arrives with what was sent. */
  readonly verify: boolean;
}

export interface Listening {
  readonly contact: Contact;
  /** Called when the dialling side has done its part. */
  finish(): Promise<Figures>;
}

export interface Case {
  /** Needs transports with many streams on one connection. */
  readonly multiplexed: boolean;
  listen(transport: Transport, setting: Setting): Promise<Listening>;
  dial(transport: Transport, setting: Setting, contact: Contact): Promise<Figures>;
}

/** CPU seconds, user and system, that this process has used. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The most memory this process has had, in MB. */
export const peakMegabytes = (): number => (process.resourceUsage().maxRSS * 1_024) / 1e6;

/** Hands over what arrives until the stream ends or fails: a measurement ends by its clock. */
export function receiveAll(stream: ByteStream, take: (bytes: Uint8Array) => void): void {
  void stream.receive(take).catch(() => undefined);
}

/** Resolves when `bytes` bytes in all have arrived. */
export function received(stream: ByteStream, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let got = 0;
    stream
      .receive((part) => {
        got += part.length;
        if (got >= bytes) resolve();
      })
      .then(() => reject(new Error('the stream ended early')), reject);
  });
}
