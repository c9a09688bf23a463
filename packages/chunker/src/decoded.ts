// What a decoder answers: a checked value, or why there is none. Bytes from outside never throw (law 3).

/** `reason` is a code from a closed list; `detail` is a plain sentence for people, with hostile text escaped. */
export type Decoded<T, Reason extends string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

export const decoded = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const refused = <Reason extends string>(
  reason: Reason,
  detail: string,
): { readonly ok: false; readonly reason: Reason; readonly detail: string } => ({ ok: false, reason, detail });
