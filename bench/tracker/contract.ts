// What a tracker must offer to be measured: how it is started, and clients that ask it. All are asked by the same
// program in the same way (load.ts).

/** A table of peers: so many, spread evenly over so many swarms. */
export interface Table {
  readonly peers: number;
  readonly swarms: number;
}

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** Whose CPU time and memory are measured. */
  readonly pid: number;
  /** Makes garbage go, where there is any. */
  settle(): Promise<void>;
  /** Puts the table in by calls; absent where it has to be announced (`Clients.fill`). */
  fill?(table: Table): Promise<void>;
}

/** One client of a tracker, registered in one swarm. Calls `done` when the answer is there; one question at a time. */
export interface Client {
  announce(done: () => void): void;
  /** Tells three more chunks. */
  holdChunks?(done: () => void): void;
  /** Asks who holds which chunk of the large file. */
  locate?(done: () => void): void;
  close(): void;
}

export interface ClientSetting {
  readonly port: number;
  readonly table: Table;
  /** Peers asked for in an announce. */
  readonly want: number;
}

/** How clients of one kind of tracker are made, in the process that loads it. */
export interface Clients {
  /** Announces the table, one peer after another. */
  fill(setting: ClientSetting): Promise<void>;
  /** First contact: whatever it takes until the tracker knows the client. */
  open(setting: ClientSetting, number: number): Promise<Client>;
}

/** A file for `locate`: 200 holders, half of its chunks each. */
export const largeFile = { name: 'large', holders: 200, chunkCount: 10_000, swarm: 'f'.repeat(64) } as const;

/** The hash of a swarm, as many hexadecimal digits as wanted. */
export const swarmHash = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');
