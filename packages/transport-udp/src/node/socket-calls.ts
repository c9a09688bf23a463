// The few socket calls that node:dgram does not offer, by whatever foreign-function interface there is: koffi where the
// user installed it, else node:ffi. Linux only; everywhere else, and when anything is odd, there is none.

import type * as NodeFfi from 'node:ffi';

/** Calls answer as in C: -1 for failure. */
export interface SocketCalls {
  /** Which library carries them out. */
  readonly by: 'koffi' | 'node:ffi';
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array): number;
  close(fd: number): number;
}

let loading: Promise<SocketCalls | undefined> | undefined;

/** Loads them once; undefined where there are none. Never fails. */
export function loadSocketCalls(): Promise<SocketCalls | undefined> {
  loading ??=
    process.platform === 'linux' ? byKoffi().then((calls) => calls ?? byNodeFfi()) : Promise.resolve(undefined);
  return loading;
}

/** Undefined when koffi is not installed, or has no binary for this machine. */
export async function byKoffi(): Promise<SocketCalls | undefined> {
  const loaded = await import('koffi').catch(() => undefined);
  if (loaded === undefined) return undefined;
  const { default: koffi } = loaded;
  const libc = koffi.load(null);
  return {
    by: 'koffi',
    socket: libc.func('int socket(int family, int type, int protocol)'),
    bind: libc.func('int bind(int fd, const uint8_t *address, uint32_t length)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int option, const uint8_t *value, uint32_t length)'),
    getsockopt: libc.func(
      'int getsockopt(int fd, int level, int option, _Out_ uint8_t *value, _Inout_ uint8_t *length)',
    ),
    close: libc.func('int close(int fd)'),
  };
}

/** Undefined on a Node without it, or one started without leave to use it. */
export function byNodeFfi(): SocketCalls | undefined {
  const ffi = withoutFfiWarning(() => process.getBuiltinModule('node:ffi') as typeof NodeFfi | undefined);
  if (ffi === undefined) return undefined;
  try {
    const { functions } = withoutFfiWarning(() =>
      ffi.dlopen(null, {
        socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
        bind: { arguments: ['i32', 'buffer', 'u32'], return: 'i32' },
        setsockopt: { arguments: ['i32', 'i32', 'i32', 'buffer', 'u32'], return: 'i32' },
        getsockopt: { arguments: ['i32', 'i32', 'i32', 'buffer', 'buffer'], return: 'i32' },
        close: { arguments: ['i32'], return: 'i32' },
      }),
    );
    return { by: 'node:ffi', ...(functions as unknown as Omit<SocketCalls, 'by'>) };
  } catch {
    return undefined; // not permitted (--permission), or another shape of this experimental interface
  }
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
