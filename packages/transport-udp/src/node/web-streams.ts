// Views of a stream as Web streams (WHATWG Streams), for pipeTo, pipeThrough, Response and their like. Back-pressure is
// the transport's own: nothing is read before somebody asks, and a write resolves when there is room for more. Giving a
// view up gives its direction up, and what another stream failed with is passed on with its code.

import { ReadableStream, WritableStream } from 'node:stream/web';
import { ShoalError, UsageError } from '@shoal/machine';
import { applicationCodeMax, applicationCodes } from '../codes.ts';
import type { NodeStream } from './node-stream.ts';

/** Cancelling it tells the remote to stop. Readers with memory of their own (`mode: 'byob'`) cause no allocations. */
export function readableOver(stream: NodeStream): ReadableStream<Uint8Array<ArrayBuffer>> {
  /** What is being copied into readers' own memory, and how much of it has been. */
  let part: Uint8Array | undefined;
  let copied = 0;
  return new ReadableStream({
    type: 'bytes',
    async pull(controller) {
      part ??= await stream.read();
      const asked = controller.byobRequest;
      if (part === undefined) {
        controller.close();
        asked?.respond(0);
      } else if (asked === null) {
        controller.enqueue(part.subarray(copied) as Uint8Array<ArrayBuffer>);
        part = undefined;
        copied = 0;
      } else {
        const fitting = part.subarray(copied, copied + asked.view!.byteLength);
        new Uint8Array(asked.view!.buffer, asked.view!.byteOffset).set(fitting);
        copied += fitting.length;
        if (copied === part.length) {
          stream.recycle(part);
          part = undefined;
          copied = 0;
        }
        asked.respond(fitting.length);
      }
    },
    cancel: (reason) => stream.stop(codeOf(reason)),
  });
}

/** Closing it resolves when the remote has everything; aborting resets our direction, also in the middle of a write. */
export function writableOver(stream: NodeStream): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    start(controller) {
      const { signal } = controller;
      signal.addEventListener('abort', () => stream.reset(codeOf(signal.reason)), { once: true });
      stream.sendingOver.catch((error) => controller.error(error)); // also while nobody writes
    },
    write(bytes) {
      if (!(bytes instanceof Uint8Array)) throw new UsageError('write', 'takes Uint8Array: encode everything else');
      return stream.write(bytes);
    },
    close: () => stream.finish(),
  });
}

/** What the remote learns: a whole number given as the reason, or what another stream of ours failed with; else 0. */
function codeOf(reason: unknown): number {
  const given = reason instanceof ShoalError ? (reason.cause as { reason?: unknown } | undefined)?.reason : reason;
  const valid = Number.isInteger(given) && Number(given) >= 0 && Number(given) <= applicationCodeMax - applicationCodes;
  return valid ? Number(given) : 0;
}
