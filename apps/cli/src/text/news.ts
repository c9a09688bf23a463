// What happens among peers, in words for whoever asked for more of them.

import { formatAddress } from '@shoal/machine';
import type { SessionEvent } from '@shoal/peer';
import { formatBytes } from './units.ts';

const waits = {
  noPeers: 'nobody is linked; looking for peers',
  noManifest: 'waiting for the manifest',
  noSource: 'nobody who is linked has what is missing',
} as const;

/** Undefined for what happens too often to be told. */
export function newsOf(event: SessionEvent): string | undefined {
  switch (event.type) {
    case 'remoteJoined':
      return `${formatAddress(event.address)} came (${event.peer.slice(0, 8)})`;
    case 'remoteLeft':
      return `${formatAddress(event.address)} went`;
    case 'remoteSnubbed':
      return `${formatAddress(event.address)} was asked and does not answer`;
    case 'manifestReceived':
      return `the manifest is here: ${formatBytes(event.bytes)}`;
    case 'waiting':
      return waits[event.reason];
    case 'dialFailed':
      return `${formatAddress(event.address)} cannot be reached: ${event.code}`;
    case 'chunkDamaged':
      return `${formatAddress(event.address)} sent a damaged chunk (${event.chunk})`;
    case 'readFailed':
      return `chunk ${event.chunk} cannot be read: ${event.code}`;
    case 'trackerUp':
      return `the tracker at ${formatAddress(event.tracker)} answers`;
    case 'trackerRefused':
      return `a tracker does not list us: ${event.refusal}`;
    case 'discoveryFailed':
      return `peers of the local network are not looked for: ${event.detail}`;
    default:
      return undefined;
  }
}
