// The table of a tracker in an SQLite database: the rows, and what changes them. Rows say who is registered where and
// for what, which chunks each holds, and what each claims; heartbeats are not in it. What is written in one turn of the
// event loop is one transaction: it costs one commit, and whoever waits for `committed` waits a moment, not a timer.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { type Address, Bitfield, fromHex, type PeerId } from '@shoal/machine';
import { chunkOfClaim, claimBytes, type ChunkSet, type FileOffer, type SwarmId, type SwarmKey } from '@shoal/wire';

/** Raised with every change of the tables. */
export const tablesVersion = 1;

/** The last trigger is the store's promise that with its last peer a file goes. */
const schema = `
  CREATE TABLE peers (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, host TEXT NOT NULL, port INTEGER NOT NULL) STRICT;
  CREATE TABLE files (id INTEGER PRIMARY KEY, swarm TEXT NOT NULL UNIQUE, name TEXT NOT NULL, bytes INTEGER NOT NULL,
    chunks INTEGER NOT NULL) STRICT;
  CREATE TABLE members (peer INTEGER NOT NULL REFERENCES peers ON DELETE CASCADE, file INTEGER NOT NULL, held BLOB,
    PRIMARY KEY (peer, file)) STRICT, WITHOUT ROWID;
  CREATE INDEX members_of_file ON members (file);
  CREATE TABLE claims (peer INTEGER NOT NULL, file INTEGER NOT NULL, chunk INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (peer, file, chunk),
    FOREIGN KEY (peer, file) REFERENCES members ON DELETE CASCADE) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (swarm TEXT PRIMARY KEY, derived TEXT NOT NULL, hashes BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER last_member AFTER DELETE ON members WHEN NOT EXISTS (SELECT 1 FROM members WHERE file = old.file)
    BEGIN DELETE FROM files WHERE id = old.file; END;
  PRAGMA user_version = ${tablesVersion};
`;

const statements = {
  putPeer: `INSERT INTO peers (key, host, port) VALUES (?1, ?2, ?3)
    ON CONFLICT (key) DO UPDATE SET host = ?2, port = ?3 WHERE (host, port) IS NOT (?2, ?3)`,
  movePeer: 'UPDATE peers SET host = ?2, port = ?3 WHERE key = ?1',
  addFile: 'INSERT OR IGNORE INTO files (swarm, name, bytes, chunks) VALUES (?, ?, ?, ?)',
  addMember: `INSERT OR IGNORE INTO members (peer, file)
    SELECT peers.id, files.id FROM peers, files WHERE peers.key = ? AND files.swarm = ?`,
  member: `SELECT members.peer, members.file, members.held, files.chunks
    FROM peers, files JOIN members ON members.peer = peers.id AND members.file = files.id
    WHERE peers.key = ? AND files.swarm = ?`,
  hold: 'UPDATE members SET held = ?3 WHERE peer = ?1 AND file = ?2',
  claim: `INSERT INTO claims (peer, file, chunk, hash) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET hash = ?4`,
  withdraw: 'DELETE FROM claims WHERE peer = (SELECT id FROM peers WHERE key = ?)',
  pin: 'INSERT OR REPLACE INTO pins (swarm, derived, hashes) VALUES (?, ?, ?)',
  removePeer: 'DELETE FROM peers WHERE key = ?',
  removeMember: `DELETE FROM members WHERE peer = (SELECT id FROM peers WHERE key = ?)
    AND file = (SELECT id FROM files WHERE swarm = ?)`,
};

/** Makes the tables in an empty database. */
export const createTables = (database: DatabaseSync): void => database.exec(`BEGIN; ${schema} COMMIT`);

export class TableFile {
  readonly #database: DatabaseSync;
  readonly #statements: { readonly [Name in keyof typeof statements]: StatementSync };
  #turn: Promise<void> | undefined;
  #failure: unknown;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const prepare = ([name, sql]: [string, string]): [string, StatementSync] => [name, database.prepare(sql)];
    this.#statements = Object.fromEntries(Object.entries(statements).map(prepare)) as never;
  }

  /** Why the latest transaction failed; undefined when it did not. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Resolves when all that was written is committed; rejects when it could not be, with nothing of this turn written. */
  get committed(): Promise<void> {
    return this.#turn ?? Promise.resolve();
  }

  putPeer(peer: PeerId, { host, port }: Address): void {
    this.#run('putPeer', fromHex(peer)!, host, port);
  }

  movePeer(peer: PeerId, { host, port }: Address): void {
    this.#run('movePeer', fromHex(peer)!, host, port);
  }

  addMember(peer: PeerId, { swarm, name, bytes, chunkCount }: FileOffer): void {
    this.#run('addFile', swarm, name, bytes, chunkCount);
    this.#run('addMember', fromHex(peer)!, swarm);
  }

  hold(peer: PeerId, swarm: SwarmKey, set: ChunkSet): void {
    this.#write(() => {
      const row = this.#statements.member.get(fromHex(peer)!, swarm) as unknown as MemberRow | undefined;
      if (row === undefined) return; // its register failed with the disk; it will be told that it is behind
      const held = row.held ?? new Uint8Array(Bitfield.byteLength(row.chunks));
      if ('chunks' in set) for (const chunk of set.chunks) held[chunk >> 3]! |= 0x80 >> (chunk & 7);
      else for (let i = 0; i < held.length; i += 1) held[i]! |= set.bits[i]!;
      this.#statements.hold.run(row.peer, row.file, held);
    });
  }

  claim(peer: PeerId, swarm: SwarmKey, claims: Uint8Array): void {
    this.#write(() => {
      const row = this.#statements.member.get(fromHex(peer)!, swarm) as unknown as MemberRow | undefined;
      if (row === undefined) return;
      for (let at = 0; at < claims.length; at += claimBytes)
        this.#statements.claim.run(
          row.peer,
          row.file,
          chunkOfClaim(claims, at),
          claims.subarray(at + 4, at + claimBytes),
        );
    });
  }

  /** All claims of a peer go. */
  withdraw(peer: PeerId): void {
    this.#run('withdraw', fromHex(peer)!);
  }

  pin(swarm: SwarmKey, derived: SwarmId, hashes: Uint8Array): void {
    this.#run('pin', swarm, derived, hashes);
  }

  remove(peer: PeerId, swarm?: SwarmKey): void {
    if (swarm === undefined) this.#run('removePeer', fromHex(peer)!);
    else this.#run('removeMember', fromHex(peer)!, swarm);
  }

  /** Commits what is left and lets the file go. */
  async close(): Promise<void> {
    await this.committed.catch(() => undefined); // whoever waited for it was told
    this.#database.close();
  }

  #run(name: keyof typeof statements, ...values: SQLInputValue[]): void {
    this.#write(() => this.#statements[name].run(...values));
  }

  /** Within the transaction of this turn, unless that has failed already. */
  #write(change: () => void): void {
    this.#turn ??= this.#begin();
    if (this.#failure !== undefined) return;
    try {
      if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE');
      change();
    } catch (cause) {
      this.#failure = cause;
    }
  }

  #begin(): Promise<void> {
    this.#failure = undefined;
    const turn = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.#turn = undefined;
        this.#end();
        if (this.#failure === undefined) resolve();
        else reject(this.#failure);
      });
    });
    turn.catch(() => undefined); // there may be nobody who waits
    return turn;
  }

  #end(): void {
    try {
      if (this.#failure === undefined) this.#database.exec('COMMIT');
    } catch (cause) {
      this.#failure = cause;
    }
    if (this.#failure !== undefined && this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }
}

interface MemberRow {
  readonly peer: number;
  readonly file: number;
  readonly held: Uint8Array | null;
  readonly chunks: number;
}
