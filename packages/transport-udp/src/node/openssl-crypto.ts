// AES-256-GCM by the OpenSSL that Node carries in its own binary, called directly: node:crypto makes a cipher object and
// an output buffer for every record, which costs eight times what the sealing costs. Key exchange is by openssl-keys.ts
// where that can be, the rest is nodeCrypto's.
// OpenSSL: EVP_EncryptInit(3), section "GCM and OCB Modes".

import { invariant } from '@shoal/machine';
import { type Aead, type CryptoSuite, keyBytes, tagBytes } from '../crypto.ts';
import { type ForeignCalls, loadForeignCalls, type Signatures } from './foreign-calls.ts';
import { nodeCrypto } from './node-crypto.ts';
import { opensslKeys } from './openssl-keys.ts';

/** A pointer, as the interface shows it. */
type Pointer = object | bigint;

/** Calls answer 1 for success. */
interface OpenSslCalls {
  EVP_aes_256_gcm(): Pointer | null;
  EVP_CIPHER_CTX_new(): Pointer | null;
  EVP_CipherInit_ex(
    context: Pointer,
    cipher: Pointer | null,
    engine: null,
    key: Uint8Array | null,
    nonce: Uint8Array | null,
    sealing: number,
  ): number;
  EVP_CipherUpdate(
    context: Pointer,
    out: Uint8Array | null,
    outBytes: Uint8Array,
    bytes: Uint8Array,
    length: number,
  ): number;
  EVP_CipherFinal_ex(context: Pointer, out: Uint8Array, outBytes: Uint8Array): number;
  EVP_CIPHER_CTX_ctrl(context: Pointer, control: number, argument: number, bytes: Uint8Array): number;
  ERR_clear_error(): void;
}

const signatures = {
  EVP_aes_256_gcm: { takes: [], gives: 'pointer' },
  EVP_CIPHER_CTX_new: { takes: [], gives: 'pointer' },
  EVP_CipherInit_ex: { takes: ['pointer', 'pointer', 'pointer', 'bytes', 'bytes', 'i32'], gives: 'i32' },
  EVP_CipherUpdate: { takes: ['pointer', 'bytes', 'bytes', 'bytes', 'i32'], gives: 'i32' },
  EVP_CipherFinal_ex: { takes: ['pointer', 'bytes', 'bytes'], gives: 'i32' },
  EVP_CIPHER_CTX_ctrl: { takes: ['pointer', 'i32', 'i32', 'bytes'], gives: 'i32' },
  ERR_clear_error: { takes: [], gives: 'void' },
} satisfies Signatures;

const getTag = 0x10; // EVP_CTRL_AEAD_GET_TAG
const setTag = 0x11; // EVP_CTRL_AEAD_SET_TAG
const nonceBytes = 12;

let loading: Promise<CryptoSuite | undefined> | undefined;

/** Loads it once; undefined where there is none. Never fails. */
export function loadOpensslCrypto(): Promise<CryptoSuite | undefined> {
  loading ??= loadForeignCalls().then((foreign) => (foreign === undefined ? undefined : opensslCrypto(foreign)));
  return loading;
}

/** Undefined when the process has no such OpenSSL, or it does not do exactly what it should. */
export function opensslCrypto(foreign: ForeignCalls): CryptoSuite | undefined {
  const calls = foreign.functions(signatures) as OpenSslCalls | undefined;
  const cipher = calls?.EVP_aes_256_gcm() ?? null;
  const [sealing, opening] = [calls?.EVP_CIPHER_CTX_new() ?? null, calls?.EVP_CIPHER_CTX_new() ?? null];
  if (calls === undefined || cipher === null || sealing === null || opening === null) return undefined;
  const contexts: Contexts = { calls, sealing, opening };
  const aead = (key: Uint8Array): Aead => new OpenSslAead(contexts, key);
  const ready =
    calls.EVP_CipherInit_ex(sealing, cipher, null, null, null, 1) === 1 &&
    calls.EVP_CipherInit_ex(opening, cipher, null, null, null, 0) === 1;
  return ready && passesVector(aead) ? { ...nodeCrypto, ...opensslKeys(foreign), aead } : undefined;
}

/**
 * One cipher context for each direction, for all keys: setting the key anew costs less than a tenth of a packet, and a
 * connection holds nothing outside of the collector's sight.
 */
interface Contexts {
  readonly calls: OpenSslCalls;
  readonly sealing: Pointer;
  readonly opening: Pointer;
}

class OpenSslAead implements Aead {
  readonly #contexts: Contexts;
  readonly #key: Uint8Array;

  constructor(contexts: Contexts, key: Uint8Array) {
    invariant(key.length === keyBytes, 'a key has 32 bytes');
    this.#contexts = contexts;
    this.#key = key;
  }

  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array, out: Uint8Array): void {
    const { length } = plaintext;
    invariant(out.length >= length + tagBytes, 'there is room for ciphertext and tag');
    const { calls, sealing } = this.#contexts;
    this.#process(sealing, 1, nonce, associated, plaintext, length, out);
    check(calls.EVP_CipherFinal_ex(sealing, scratch, outBytes));
    check(calls.EVP_CIPHER_CTX_ctrl(sealing, getTag, tagBytes, scratch));
    out.set(scratch, length);
  }

  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
    if (sealed.length < tagBytes) return undefined;
    const out = new Uint8Array(sealed.length - tagBytes);
    return this.openInto(nonce, associated, sealed, out) ? out : undefined;
  }

  openInto(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array, out: Uint8Array): boolean {
    const length = sealed.length - tagBytes;
    if (length < 0) return false;
    invariant(out.length >= length, 'there is room for the plaintext');
    const { calls, opening } = this.#contexts;
    for (let i = 0; i < tagBytes; i += 1) scratch[i] = sealed[length + i]!;
    this.#process(opening, 0, nonce, associated, sealed, length, out);
    check(calls.EVP_CIPHER_CTX_ctrl(opening, setTag, tagBytes, scratch));
    if (calls.EVP_CipherFinal_ex(opening, scratch, outBytes) === 1) return true;
    out.fill(0, 0, length); // nobody may see what is not authentic
    calls.ERR_clear_error();
    return false;
  }

  #process(
    context: Pointer,
    sealing: number,
    nonce: Uint8Array,
    associated: Uint8Array,
    bytes: Uint8Array,
    length: number,
    out: Uint8Array,
  ): void {
    const { calls } = this.#contexts;
    invariant(nonce.length === nonceBytes, 'a nonce has 12 bytes');
    check(calls.EVP_CipherInit_ex(context, null, null, this.#key, nonce, sealing));
    // Empty arrays may have no address, which would mean something else here.
    if (associated.length > 0) check(calls.EVP_CipherUpdate(context, null, outBytes, associated, associated.length));
    if (length > 0) check(calls.EVP_CipherUpdate(context, out, outBytes, bytes, length));
  }
}

// Filled and used within one call.
const scratch = new Uint8Array(tagBytes);
const outBytes = new Uint8Array(4);

/** What fails here is not the remote's doing: nothing of it may leave. */
function check(result: number): void {
  invariant(result === 1, 'OpenSSL does what it did for the test vector');
}

/** Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), both ways, and with a bit changed. */
function passesVector(aead: (key: Uint8Array) => Aead): boolean {
  const [key, nonce, plaintext, associated, sealed] = [
    'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308',
    'cafebabefacedbaddecaf888',
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
      '76fc6ece0f4e1768cddf8853bb2d551b',
  ].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  try {
    const under = aead(key);
    const out = new Uint8Array(sealed.length);
    under.seal(nonce, associated, plaintext, out);
    if (Buffer.compare(out, sealed) !== 0) return false;
    out[3]! ^= 1;
    if (under.openInto(nonce, associated, out, out)) return false;
    const opened = under.open(nonce, associated, sealed);
    return opened !== undefined && Buffer.compare(opened, plaintext) === 0;
  } catch {
    return false;
  }
}
