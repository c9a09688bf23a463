// What sockets of this machine can do: which ports are free, whether datagrams come back, what the system grants.

import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress, isIpv6, ShoalError } from '@shoal/machine';
import { lanGroups } from '@shoal/peer/node';
import { askTracker } from '@shoal/tracker/node';
import { type NodeLinks, openLinks } from '@shoal/transport-udp/node';
import { formatBytes } from '../text/units.ts';
import type { Finding } from './finding.ts';

const trackerPort = 7_070; // that of `shoal tracker` unless it is told another
const wantedBufferBytes = 4 * 2 ** 20; // what links ask for
const echoMs = 1_000;
const lanGroup = lanGroups[0]!; // that of IPv4

/** Whether a port can be had; 0 is any that is free. */
export async function portFinding(listen: { readonly host?: string; readonly port: number }): Promise<Finding> {
  const { port } = listen;
  const what = port === 0 ? 'UDP port' : `UDP port ${port}`;
  try {
    await using links = await openLinks(listen);
    return { what, standing: 'ok', words: port === 0 ? `${links.address.port} was free` : 'free', values: { port } };
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error;
    const isTaken = error.code === 'addressInUse';
    const advice = `${port === trackerPort ? 'a tracker here needs' : 'use'} --listen with another port`;
    const values = { port, code: error.code };
    return { what, standing: isTaken ? 'slow' : 'bad', words: isTaken ? 'taken' : error.message, advice, values };
  }
}

export const trackerPortFinding = (): Promise<Finding> => portFinding({ port: trackerPort });

/** Whether datagrams of a family come back to this machine, and whether it has an address that others could reach. */
export async function familyFinding(family: 'IPv4' | 'IPv6'): Promise<Finding> {
  const what = family;
  const hosts = ownHosts().filter((host) => isIpv6(host) === (family === 'IPv6'));
  const outer = hosts.filter((host) => !/^(127\.|::1$|fe80:)/.test(host));
  const echoed = await echoes(family === 'IPv4' ? '127.0.0.1' : '::1');
  const values = { loopback: echoed, hosts: outer };
  if (!echoed)
    return {
      what,
      standing: family === 'IPv4' ? 'bad' : 'slow',
      words: 'datagrams do not come back on loopback',
      values,
    };
  if (outer.length === 0) return { what, standing: 'slow', words: 'on loopback only: no other address here', values };
  return { what, standing: 'ok', words: outer.join(', '), values };
}

/** How datagrams cross between the program and the system. */
export function offloadFinding({ stats }: NodeLinks): Finding {
  const what = 'offload';
  const { offload, aead } = stats;
  if (offload === undefined) {
    const advice = process.platform === 'linux' ? 'npm install koffi, or use a Node with node:ffi' : undefined;
    const words = `none: each datagram is a call by itself; encryption by ${aead}`;
    return {
      what,
      standing: 'slow',
      words,
      ...(advice !== undefined && { advice }),
      values: { gso: false, gro: false, aead },
    };
  }
  const { gso, gro, by } = offload;
  const parts = [
    gso ? 'many datagrams a send (GSO)' : 'one datagram a send',
    gro ? 'many a receive (GRO)' : 'one a receive',
  ];
  const words = `${parts.join(', ')}, by ${by}; encryption by ${aead}`;
  return { what, standing: gso && gro ? 'ok' : 'slow', words, values: { gso, gro, by, aead } };
}

/** What the system grants of the buffers that links ask for. */
export function buffersFinding({ stats }: NodeLinks): Finding {
  const { receiveBufferBytes, sendBufferBytes } = stats;
  const values = { receiveBufferBytes, sendBufferBytes, wantedBytes: wantedBufferBytes };
  const words = `${formatBytes(receiveBufferBytes)} to receive, ${formatBytes(sendBufferBytes)} to send, of ${formatBytes(wantedBufferBytes)} asked for`;
  if (Math.min(receiveBufferBytes, sendBufferBytes) >= wantedBufferBytes)
    return { what: 'buffers', standing: 'ok', words, values };
  const advice = raiseBuffers[process.platform];
  return { what: 'buffers', standing: 'slow', words, ...(advice !== undefined && { advice }), values };
}

/** Twice as much is counted on a Mac: room for both directions. */
const raiseBuffers: Partial<Record<NodeJS.Platform, string>> = {
  linux: `sudo sysctl -w net.core.rmem_max=${wantedBufferBytes} net.core.wmem_max=${wantedBufferBytes}`,
  darwin: `sudo sysctl -w kern.ipc.maxsockbuf=${2 * wantedBufferBytes}`,
};

/** Whether peers of the local network can be heard: a datagram to their group comes back to us. */
export async function lanFinding(): Promise<Finding> {
  const what = 'local network';
  const hosts = ownHosts().filter((host) => !isIpv6(host) && !host.startsWith('127.'));
  if (hosts.length === 0) return { what, standing: 'slow', words: 'none: no IPv4 address but loopback' };
  const heard = await Promise.all(hosts.map(hearsItself));
  const works = hosts.filter((_, i) => heard[i]);
  const values = { hosts, works };
  if (works.length > 0) return { what, standing: 'ok', words: `multicast works on ${works.join(', ')}`, values };
  const advice = `let UDP port ${lanGroup.port} and the group ${lanGroup.host} through the firewall`;
  return {
    what,
    standing: 'slow',
    words: 'multicast does not come back: peers here are not found by it',
    advice,
    values,
  };
}

/** One tracker's answer, and where it sees us. Asked with the same links as others, so that NATs can be told apart. */
export async function trackerFinding(
  links: NodeLinks,
  tracker: Address,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly finding: Finding; readonly observed?: Address }> {
  const what = `tracker ${formatAddress(tracker)}`;
  const startedAt = performance.now();
  try {
    const request = { type: 'register', port: links.address.port, files: [] } as const;
    const { reply } = await askTracker(links, tracker, request, { timeoutMs, signal });
    const ms = performance.now() - startedAt;
    const words = `answers within ${ms.toFixed(0)} ms, and sees us at ${formatAddress(reply.observed)}`;
    const values = { ms, observed: formatAddress(reply.observed) };
    return { finding: { what, standing: 'ok', words, values }, observed: reply.observed };
  } catch (error) {
    if (!(error instanceof ShoalError) || error.code === 'aborted') throw error;
    const advice = 'see that it runs there, and that UDP is let through on the way';
    return { finding: { what, standing: 'bad', words: 'no answer', advice, values: { code: error.code } } };
  }
}

/** All addresses of this machine. */
export const ownHosts = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));

/** A datagram to ourselves at this host. */
async function echoes(host: string): Promise<boolean> {
  const socket = createSocket(isIpv6(host) ? 'udp6' : 'udp4');
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), echoMs);
    socket.once('error', () => resolve(false));
    socket.once('message', () => resolve(true));
    socket.once('close', () => clearTimeout(timer));
    socket.bind(0, host, () => socket.send('echo', socket.address().port, host));
  }).finally(() => socket.close());
}

/** A datagram to the group on which peers speak, from this host; what they do not understand they ignore. */
async function hearsItself(host: string): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const word = `shoal doctor ${process.pid} ${host}`;
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), echoMs);
    socket.once('error', () => resolve(false));
    socket.on('message', (bytes) => String(bytes) === word && resolve(true));
    socket.once('close', () => clearTimeout(timer));
    socket.bind(lanGroup.port, () => {
      try {
        socket.addMembership(lanGroup.host, host);
        socket.setMulticastInterface(host);
        socket.send(word, lanGroup.port, lanGroup.host, (error) => error && resolve(false));
      } catch {
        resolve(false); // the interface knows no multicast
      }
    });
  }).finally(() => socket.close());
}
