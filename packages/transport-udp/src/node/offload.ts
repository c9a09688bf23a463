// UDP segmentation offload on Linux: one send of up to 64 KiB leaves as many datagrams (UDP_SEGMENT), and several that
// arrived come as one buffer (UDP_GRO). Options of the socket, so the socket is made here and handed to node:dgram.

import { isIPv4 } from 'node:net';
import { socketAddress } from './direct-socket.ts';
import type { SocketCalls } from './socket-calls.ts';

const afInet = 2;
const sockDgramCloexec = 2 | 0o2000000;
const solUdp = 17;
const udpSegment = 103;
const udpGro = 104;

/** A bound socket with offload on, not yet in node:dgram's hands. */
export interface OffloadedSocket {
  readonly fd: number;
  /** What UDP_SEGMENT says: sends of more are cut into datagrams of this size. */
  readonly segmentBytes: number;
  readonly gro: boolean;
  /** Turns segmentation off: some device on the way out refused it. */
  disableSegmentation(): void;
}

/** Undefined when anything does not work: the caller then binds in the plain way, and gets the plain way's errors. */
export function openOffloadedSocket(
  calls: SocketCalls,
  host: string,
  port: number,
  segmentBytes: number,
): OffloadedSocket | undefined {
  if (!isIPv4(host)) return undefined;
  const fd = calls.socket(afInet, sockDgramCloexec, 0);
  if (fd < 0) return undefined;
  const address = socketAddress({ host, port });
  if (calls.bind(fd, address, address.length) !== 0 || !setOption(calls, fd, udpSegment, segmentBytes)) {
    calls.close(fd);
    return undefined;
  }
  const gro = setOption(calls, fd, udpGro, 1);
  return {
    fd,
    segmentBytes,
    gro,
    disableSegmentation: () => {
      setOption(calls, fd, udpSegment, 0);
    },
  };
}

/** Sets and reads back: an interface that misunderstood us may still say success. */
function setOption(calls: SocketCalls, fd: number, option: number, value: number): boolean {
  const wanted = new Uint8Array(Int32Array.of(value).buffer);
  if (calls.setsockopt(fd, solUdp, option, wanted, 4) !== 0) return false;
  const got = new Uint8Array(4);
  const length = new Uint8Array(Int32Array.of(4).buffer);
  return calls.getsockopt(fd, solUdp, option, got, length) === 0 && new Int32Array(got.buffer)[0] === value;
}
