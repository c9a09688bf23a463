// The limits on everything a message can hold. What exceeds one is refused on decoding (`badField`, or `tooLarge` for
// the whole message). They are chosen so that a message filled to any one limit still fits `messageBytesMax`;
// senders of lists with long elements (names, addresses) stay below by counting bytes.

import { linkMessageBytesMax } from '@shoal/machine';

/** Largest encoded message. */
export const messageBytesMax: number = linkMessageBytesMax;

/** Chunks of one file-set: a bitfield of this many, 62,500 bytes, fits one message. */
export const chunkCountMax = 500_000;

/** Bytes of one chunk, as far as messages go. */
export const chunkBytesMax: number = 2 ** 32 - 1;

/** Parts of a manifest, each with 1,024 files and chunks. */
export const manifestPartsMax = 512;

/** Bytes that name a session of CPace, of its shares and of its proofs. */
export const codeSessionBytes = 16;
export const codeShareBytes = 32;
export const codeProofBytes = 64;

/** Wrong proofs that a code may bear. */
export const codeTriesMax = 255;

/** Longest life of a code: a week. */
export const codeLifeMsMax = 604_800_000;

/** Bytes of a sealed ticket: of the longest, and the tag. */
export const sealedTicketBytesMax = 16_400;

/** Longest time that an answer tells of, in ms; longer ones are told as this. */
export const answerMsMax = 600_000;

/** Bytes of a file-set's name and of a filter for names, in UTF-8: the longest name file systems take. */
export const nameBytesMax = 255;

/** Bytes of the name and version of a program. */
export const agentBytesMax = 64;

/** Chunk indices in one message. */
export const chunksPerMessageMax = 4_096;

/** Requests that one unchoke allows. */
export const requestsPerUnchokeMax = 1_024;

/** Peers introduced for one swarm. */
export const contactsPerSwarmMax = 50;

/** Swarms of one announce. */
export const swarmsPerAnnounceMax = 32;

/** Files of one register. */
export const filesPerRegisterMax = 64;

/** Files in one page of a file list. */
export const filesPerPageMax = 100;

/** Holders in one file-locations reply. */
export const holdersMax = 200;

/** Bytes of the body of a file-locations reply: the bits of its holders. */
export const locationsBodyBytesMax: number = 1024 * 1024;

/** Chunk indices in the rarest list of a file-locations reply. */
export const rarestMax = 1_000;

/** Longest time a tracker may tell a peer to wait: one day. */
export const intervalMsMax = 86_400_000;

/** Chunks in one claim: with their hashes and indices 38 KB. */
export const claimsPerMessageMax = 1_024;

/** Different hashes that are kept for one chunk of a draft: it is disputed with the second. */
export const campsMax = 4;

/** Chunks in one page of a claim list: if all were disputed by `campsMax` camps, 40 KB. */
export const claimedChunksPerPageMax = 256;
