// CPace: two who know the same weak password come to the same strong key, and whoever listens, or sits between them, has
// one guess for each run and none afterwards. Suite CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace-21 (sections 6, 7.3
// and 9.4) with roles: the initiator speaks first. The group and the hash are those of the @noble libraries.

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

type Point = InstanceType<typeof ristretto255.Point>;

/** What both sides must have alike, or they come to different keys. */
export interface CPaceInputs {
  readonly password: Uint8Array;
  /** Names both sides, the initiator first: so nobody in between can pass messages on as their own (CI in the draft). */
  readonly channel: Uint8Array;
  /** Names this run, and no other (sid). */
  readonly session: Uint8Array;
}

/** What one side sends: its share of the key, and whatever it wants to be sure the other has received unchanged (AD). */
export interface CPaceHalf {
  readonly share: Uint8Array;
  readonly data: Uint8Array;
}

/** Bytes of a share, and of the randomness behind it. */
const shareBytes = 32;

const domain = utf8ToBytes('CPaceRistretto255');
const keyDomain = utf8ToBytes('CPaceRistretto255_ISK');
const macDomain = utf8ToBytes('CPaceMac');
const hashBlockBytes = 128; // of SHA-512

/** The secret number that these random bytes are: 252 bits of them, which is below the order of the group. */
export function secretOf(random: Uint8Array): bigint {
  let secret = 0n;
  for (let i = shareBytes - 1; i >= 0; i -= 1) secret = (secret << 8n) | BigInt(random[i]!);
  return secret & (2n ** 252n - 1n);
}

/** The share that a secret makes. */
export const shareOf = (inputs: CPaceInputs, secret: bigint): Uint8Array =>
  generatorOf(inputs).multiply(secret).toBytes();

/** The key that our secret and the other's share make (ISK); undefined when that is no share that anybody honest sends. */
export function sessionKeyOf(
  session: Uint8Array,
  secret: bigint,
  theirs: CPaceHalf,
  transcript: { readonly initiator: CPaceHalf; readonly responder: CPaceHalf },
): Uint8Array | undefined {
  const point = decodePoint(theirs.share);
  if (point === undefined) return undefined;
  const shared = point.multiply(secret).toBytes();
  const halves = [transcript.initiator, transcript.responder].map(halfBytes);
  return sha512(concatBytes(joined(keyDomain, session, shared), ...halves));
}

/** The proof of knowing the key, sent by whoever has sent this half. */
export const confirmationOf = (key: Uint8Array, session: Uint8Array, half: CPaceHalf): Uint8Array =>
  hmac(sha512, sha512(concatBytes(macDomain, session, key)), halfBytes(half));

/** Alike? In a time that does not tell where they differ. */
export function confirms(proof: Uint8Array, expected: Uint8Array): boolean {
  let difference = proof.length ^ expected.length;
  for (const [i, byte] of expected.entries()) difference |= byte ^ (proof[i] ?? 0);
  return difference === 0;
}

/** Each part after its length in LEB128 (`lv_cat`). */
export const joined = (...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(...parts.flatMap((part) => [lengthOf(part), part]));

export function generatorOf({ password, channel, session }: CPaceInputs): Point {
  const paddingBytes = Math.max(0, hashBlockBytes - 1 - joined(password).length - joined(domain).length);
  const text = joined(domain, password, new Uint8Array(paddingBytes), channel, session);
  return ristretto255_hasher.deriveToCurve!(sha512(text));
}

const halfBytes = ({ share, data }: CPaceHalf): Uint8Array => joined(share, data);

/** The neutral element is no share: the key would not depend on our secret. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    const point = ristretto255.Point.fromBytes(bytes);
    return point.is0() ? undefined : point;
  } catch {
    return undefined; // no encoding of an element: the library says so by throwing
  }
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (let rest = length; ; rest >>= 7) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
