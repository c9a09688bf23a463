// Frames waiting for the next control packet. Windows are remembered as "tell it", not as frames, so that what leaves is
// always the current value; a lost packet's frames come back here.

import type { Instant } from '@shoal/machine';
import { type Frame, frameBytes, writeFrame } from '../packet/frames.ts';
import type { ByteWriter } from '../packet/varint.ts';

/** The current values of what is only remembered as "tell it". */
export interface WindowSource {
  grantData(now: Instant): number;
  /** Undefined when the stream wants no more. */
  grantStreamData(stream: number, now: Instant): number | undefined;
  grantStreams(): number;
}

export class ControlQueue {
  #frames: Frame[] = [];
  #maxData = false;
  #maxStreams = false;
  readonly #maxStreamData = new Set<number>();

  get empty(): boolean {
    return this.#frames.length === 0 && !this.#maxData && !this.#maxStreams && this.#maxStreamData.size === 0;
  }

  get size(): number {
    return this.#frames.length;
  }

  push(frame: Frame): void {
    this.#frames.push(frame);
  }

  tellMaxData(): void {
    this.#maxData = true;
  }

  tellMaxStreams(): void {
    this.#maxStreams = true;
  }

  tellMaxStreamData(stream: number): void {
    this.#maxStreamData.add(stream);
  }

  /** Writes as many frames as fit and returns them; the rest stays. */
  drain(writer: ByteWriter, source: WindowSource, now: Instant): Frame[] {
    const written: Frame[] = [];
    const write = (frame: Frame): boolean => {
      if (frameBytes(frame) > writer.room) return false;
      writeFrame(writer, frame);
      written.push(frame);
      return true;
    };
    let count = 0;
    while (count < this.#frames.length && write(this.#frames[count]!)) count += 1;
    this.#frames = this.#frames.slice(count);
    if (this.#maxData && write({ type: 'maxData', bytes: source.grantData(now) })) this.#maxData = false;
    if (this.#maxStreams && write({ type: 'maxStreams', count: source.grantStreams() })) this.#maxStreams = false;
    for (const stream of this.#maxStreamData) {
      const bytes = source.grantStreamData(stream, now);
      if (bytes !== undefined && !write({ type: 'maxStreamData', stream, bytes })) break;
      this.#maxStreamData.delete(stream);
    }
    return written;
  }

  /** Takes the frames of a lost packet back. */
  requeue(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.type === 'maxData') this.#maxData = true;
      else if (frame.type === 'maxStreams') this.#maxStreams = true;
      else if (frame.type === 'maxStreamData') this.#maxStreamData.add(frame.stream);
      else if (frame.type !== 'ping') this.#frames.push(frame);
    }
  }
}
