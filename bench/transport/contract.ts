// What every transport is made to look like, so that one measurement fits all. Each adapter in `peers/` uses its
// transport in the way its own documentation recommends, with the buffers that make it fast.

/** Where to dial. Crosses from one process to the other as JSON. */
export interface Contact {
  readonly host: string;
  readonly port: number;
  /** The identity to expect there, for transports that have one. */
  readonly identity?: string;
}

export interface ByteStream {
  /** Sends `bytes`, which do not change afterwards. Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends our direction. */
  finish(): void;
  /** Hands over what arrives, as it arrives. Called once. Resolves at the end of the stream; fails as the stream does. */
  receive(take: (bytes: Uint8Array) => void): Promise<void>;
}

export interface Connection {
  /** Whoever has one stream to a connection opens it once. The remote hears of it with the first bytes. */
  openStream(): Promise<ByteStream>;
  close(): void;
}

export interface Transport {
  /** Many streams on one connection. */
  readonly multiplexed: boolean;
  /** Accepts on a free port of `host`; every stream that a remote opens is handed on. */
  listen(host: string, accept: (stream: ByteStream) => void): Promise<Contact>;
  /** What dials from `host`. */
  openDialler(host: string): Promise<(contact: Contact) => Promise<Connection>>;
}
