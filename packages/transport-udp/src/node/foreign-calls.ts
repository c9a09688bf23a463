// C functions by whatever foreign-function interface there is: koffi where the user installed it, else node:ffi. Linux
// only; everywhere else, and when anything is odd, there is none. Whoever calls checks every length first: here a
// wrong one is not an error but somebody else's memory.

import type * as NodeFfi from 'node:ffi';

/**
 * `size` is size_t and wants a bigint; `bytes` a Uint8Array, read or written in place, or null. Results of 64 bits are
 * declared as `i32` where they are known to be small.
 */
type Taken = 'i32' | 'u32' | 'size' | 'bytes' | 'pointer';
type Given = 'i32' | 'pointer' | 'void';

/** What functions take and give, by their names. */
export type Signatures = Readonly<Record<string, { readonly takes: readonly Taken[]; readonly gives: Given }>>;

/** By name. Whoever wrote the signatures knows their types. */
export type Functions = Record<string, unknown>;

export interface ForeignCalls {
  /** Which interface carries them out. */
  readonly by: 'koffi' | 'node:ffi';
  /** The functions of this process of those names; undefined when one is missing. */
  functions(signatures: Signatures): Functions | undefined;
}

let loading: Promise<ForeignCalls | undefined> | undefined;

/** Loads the interface once; undefined where there is none. Never fails. */
export function loadForeignCalls(): Promise<ForeignCalls | undefined> {
  loading ??=
    process.platform === 'linux' ? byKoffi().then((calls) => calls ?? byNodeFfi()) : Promise.resolve(undefined);
  return loading;
}

const koffiTypes = {
  i32: 'int32_t',
  u32: 'uint32_t',
  size: 'size_t',
  bytes: 'uint8_t *',
  pointer: 'void *',
  void: 'void',
} satisfies Record<Taken | Given, string>;

/** Undefined when koffi is not installed, or has no binary for this machine. */
export async function byKoffi(): Promise<ForeignCalls | undefined> {
  const loaded = await import('koffi').catch(() => undefined);
  if (loaded === undefined) return undefined;
  const library = loaded.default.load(null);
  return {
    by: 'koffi',
    functions(signatures: Signatures): Functions | undefined {
      try {
        const declare = ([name, { takes, gives }]: [string, Signatures[string]]): [string, unknown] => [
          name,
          library.func(
            name,
            koffiTypes[gives],
            takes.map((type) => koffiTypes[type]),
          ),
        ];
        return Object.fromEntries(Object.entries(signatures).map(declare));
      } catch {
        return undefined; // this process has no such function
      }
    },
  };
}

const nodeTypes = {
  i32: 'i32',
  u32: 'u32',
  size: 'u64',
  bytes: 'buffer',
  pointer: 'pointer',
  void: 'void',
} as const satisfies Record<Taken | Given, string>;

/** Undefined on a Node without it. */
export function byNodeFfi(): ForeignCalls | undefined {
  const ffi = withoutFfiWarning(() => process.getBuiltinModule('node:ffi') as typeof NodeFfi | undefined);
  if (ffi === undefined) return undefined;
  return {
    by: 'node:ffi',
    functions(signatures: Signatures): Functions | undefined {
      const declare = ([name, { takes, gives }]: [string, Signatures[string]]): [string, NodeFfi.FunctionSignature] => [
        name,
        { arguments: takes.map((type) => nodeTypes[type]), return: nodeTypes[gives] },
      ];
      const declared = Object.fromEntries(Object.entries(signatures).map(declare));
      try {
        return withoutFfiWarning(() => ffi.dlopen(null, declared)).functions;
      } catch {
        return undefined; // no such function, not permitted (--permission), or another shape of this experimental interface
      }
    },
  };
}

/** Runs `load` while the one warning that node:ffi is experimental is kept back: we check what it does by reading back. */
function withoutFfiWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning')!;
  const quiet = (...args: unknown[]): void => {
    if (!String(args[0]).includes('FFI is an experimental feature')) emitWarning(...args);
  };
  Object.defineProperty(process, 'emitWarning', { ...original, value: quiet });
  try {
    return load();
  } finally {
    Object.defineProperty(process, 'emitWarning', original);
  }
}
