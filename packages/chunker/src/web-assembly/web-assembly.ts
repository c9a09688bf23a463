// The part of the WebAssembly interface that is used here. Every runtime has it; TypeScript declares it only together
// with the whole of a browser.

interface WebAssemblyApi {
  readonly Memory: new (pages: { readonly initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => CompiledModule;
  readonly Instance: new (module: CompiledModule, imports: object) => Instance;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly instantiate: (bytes: Uint8Array, imports: object) => Promise<{ readonly instance: Instance }>;
}

interface Instance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface Memory {
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB. A buffer that was got before is then empty. */
  readonly grow: (pages: number) => number;
}

export interface CompiledModule {
  readonly [Symbol.toStringTag]: 'WebAssembly.Module';
}

export const webAssembly: WebAssemblyApi = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly;
