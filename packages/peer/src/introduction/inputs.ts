// What the two sides of an introduction put into CPace: the code, the session that the caller has named, and who both
// are by the keys of the link between them. Whoever sits in between has another key, and so comes to another secret.

import { fromHex, type PeerId } from '@shoal/machine';
import type { Code } from './code.ts';
import { type CPaceInputs, joined } from './cpace.ts';

const encoder = new TextEncoder();
const protocol = encoder.encode('shoal code 1');

export const inputsOf = (
  { text }: Code,
  session: Uint8Array,
  { caller, keeper }: { readonly caller: PeerId; readonly keeper: PeerId },
): CPaceInputs => ({
  password: encoder.encode(text),
  channel: joined(protocol, fromHex(caller)!, fromHex(keeper)!),
  session,
});
