// Against published vectors: cacophony's and snow's (see vectors/noise.json).

import { describe, expect, test } from 'vitest';
import { fromHex, seededRng, toHex } from '@shoal/machine';
import { aeadNonce, NoiseHandshake, type PskPlacement } from '../src/handshake/noise.ts';
import { type CryptoSuite, nobleCrypto } from '../src/index.ts';
import { nodeCrypto } from '../src/node/index.ts';
import { loadOpensslCrypto } from '../src/node/openssl-crypto.ts';
import vectors from './vectors/noise.json' with { type: 'json' };

const suites: [string, CryptoSuite][] = [
  ['node', nodeCrypto],
  ['noble', nobleCrypto],
  ['OpenSSL called directly, where it can be', (await loadOpensslCrypto()) ?? nodeCrypto],
];
const bytes = (hex: string): Uint8Array => fromHex(hex)!;

function placements(protocol: string): PskPlacement[] {
  return (/^Noise_XX([^_]*)_/.exec(protocol)![1]!.match(/psk\d/g) ?? []) as PskPlacement[];
}

function side(crypto: CryptoSuite, vector: (typeof vectors)[number], initiator: boolean): NoiseHandshake {
  const [prologue, staticKey, ephemeral, psks] = initiator
    ? [vector.init_prologue, vector.init_static, vector.init_ephemeral, vector.init_psks]
    : [vector.resp_prologue, vector.resp_static, vector.resp_ephemeral, vector.resp_psks];
  return new NoiseHandshake({
    crypto,
    initiator,
    prologue: bytes(prologue),
    staticKey: crypto.keyPairOf(bytes(staticKey)),
    ephemeralKey: crypto.keyPairOf(bytes(ephemeral)),
    psks: placements(vector.protocol_name).map((placement, i) => ({ placement, key: bytes(psks![i]!) })),
  });
}

describe.each(suites)('Noise with %s', (_name, crypto) => {
  test.each(vectors)('says what $source says of $protocol_name', (vector) => {
    const initiator = side(crypto, vector, true);
    const responder = side(crypto, vector, false);
    for (const [i, { payload, ciphertext }] of vector.messages.slice(0, 3).entries()) {
      const [writer, reader] = i % 2 === 0 ? [initiator, responder] : [responder, initiator];
      const message = writer.writeMessage(bytes(payload));
      expect(toHex(message)).toBe(ciphertext);
      expect(toHex(reader.readMessage(message)!)).toBe(payload);
    }
    expect([initiator.finished, responder.finished]).toEqual([true, true]);
    const keys = initiator.keys();
    expect(responder.keys()).toEqual(keys);
    // snow's vectors do not say the hash
    expect(toHex(keys.handshakeHash)).toBe(vector.handshake_hash ?? toHex(responder.keys().handshakeHash));
    expect(toHex(initiator.remoteStatic!)).toBe(toHex(crypto.keyPairOf(bytes(vector.resp_static)).publicKey));
    // The transport messages that follow prove both keys. The first comes from the responder.
    for (const [i, { payload, ciphertext }] of vector.messages.slice(3).entries()) {
      const key = i % 2 === 0 ? keys.responderToInitiator : keys.initiatorToResponder;
      const out = new Uint8Array(payload.length / 2 + 16);
      crypto.aead(key).seal(aeadNonce(0, Math.floor(i / 2)), new Uint8Array(), bytes(payload), out);
      expect(toHex(out)).toBe(ciphertext);
    }
  });

  test('a message changed in any byte is refused', () => {
    const vector = vectors[0]!;
    const rng = seededRng('flip');
    for (let step = 1; step < 3; step += 1) {
      const length = vector.messages[step]!.ciphertext.length / 2;
      for (let at = 0; at < length; at += 1) {
        const [initiator, responder] = [side(crypto, vector, true), side(crypto, vector, false)];
        for (let i = 0; i < step; i += 1) {
          const [writer, reader] = i % 2 === 0 ? [initiator, responder] : [responder, initiator];
          reader.readMessage(writer.writeMessage(new Uint8Array()));
        }
        const [writer, reader] = step === 1 ? [responder, initiator] : [initiator, responder];
        const message = writer.writeMessage(bytes(vector.messages[step]!.payload));
        message[at] = message[at]! ^ (1 + rng.below(255));
        expect(reader.readMessage(message)).toBeUndefined();
        if (crypto === nobleCrypto && at > 20) break; // slow, and the code is the same
      }
    }
  });

  test('a public key of low order is refused', () => {
    const keyPair = crypto.keyPairOf(seededRng('key').bytes(32));
    expect(crypto.diffieHellman(keyPair, new Uint8Array(32))).toBeUndefined();
    expect(crypto.diffieHellman(keyPair, new Uint8Array(31))).toBeUndefined();
  });
});

test('both suites agree', () => {
  const rng = seededRng('suites');
  const [a, b] = [rng.bytes(32), rng.bytes(32)];
  const publicB = nodeCrypto.keyPairOf(b).publicKey;
  expect(nobleCrypto.keyPairOf(b).publicKey).toEqual(publicB);
  expect(nobleCrypto.diffieHellman(nobleCrypto.keyPairOf(a), publicB)).toEqual(
    nodeCrypto.diffieHellman(nodeCrypto.keyPairOf(a), publicB),
  );
  const sealed = new Uint8Array(116);
  nodeCrypto.aead(a).seal(aeadNonce(3, 2 ** 40), b, new Uint8Array(100), sealed);
  expect(nobleCrypto.aead(a).open(aeadNonce(3, 2 ** 40), b, sealed)).toEqual(new Uint8Array(100));
  expect(nobleCrypto.aead(a).open(aeadNonce(3, 2 ** 41), b, sealed)).toBeUndefined();
  expect(nodeCrypto.aead(a).open(aeadNonce(3, 2 ** 40), a, sealed)).toBeUndefined();
});
