// A connection to a Redis or Valkey server, or to a cluster of them, that runs our scripts and is made again for as long
// as it takes. While there is none, every call fails at once with an error that says so: nothing queues up.

import { createHash } from 'node:crypto';
import { createClient, createCluster, RESP_TYPES } from '@redis/client';
import { ShoalError, UsageError } from '@shoal/machine';

/** What a script answers: numbers, bytes, nothing, and lists of these. */
export type Reply = number | Buffer | null | readonly Reply[];

export interface Script {
  readonly text: string;
  readonly sha: string;
}

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/** An answer that takes longer is as good as none. */
const answerMsMax = 3_000;
const pingEveryMs = 1_000;
const backoffMsMax = 2_000;

const ping = script('return 1');

/** What a client of one server and of a cluster have in common. */
interface Client {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  evalSha(sha: string, options: EvalOptions): Promise<unknown>;
  eval(text: string, options: EvalOptions): Promise<unknown>;
}

interface EvalOptions {
  keys: string[];
  arguments: (string | Buffer)[];
}

export class RedisConnection {
  readonly #url: string;
  #client: Client;
  #trouble: ShoalError | undefined;
  #isClosed = false;
  #pinging: NodeJS.Timeout | undefined;

  private constructor(url: string) {
    this.#url = url;
    this.#client = this.#create();
  }

  /** Fails with ShoalError: `unreachable` when no server answers there, `authenticationFailed`. Throws UsageError for what is no URL. */
  static async open(url: string): Promise<RedisConnection> {
    const connection = new RedisConnection(url);
    try {
      await within(connection.#client.connect());
      await connection.run(ping, 'shoal', []);
    } catch (cause) {
      await connection.close();
      throw connection.trouble ?? connection.#explained(cause);
    }
    connection.#watch();
    return connection;
  }

  /** Why calls fail at the moment; undefined while they do not. */
  get trouble(): ShoalError | undefined {
    return this.#trouble;
  }

  /** Runs a script where `key` is. */
  async run({ text, sha }: Script, key: string, args: readonly (string | Buffer)[]): Promise<Reply> {
    const options = { keys: [key], arguments: args as (string | Buffer)[] };
    try {
      return (await within(
        this.#client.evalSha(sha, options).catch((error: unknown) => {
          if (!String(error).includes('NOSCRIPT')) throw error;
          return this.#client.eval(text, options); // the server was restarted
        }),
      )) as Reply;
    } catch (cause) {
      throw this.#explained(cause);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pinging);
    this.#client.destroy();
  }

  #create(): Client {
    const client = createRedis(this.#url);
    client.on('error', (error: unknown) => {
      this.#trouble = this.#explained(error);
    });
    return client;
  }

  /** Notices trouble without being asked, and its end; a server that is silent is dialled anew. */
  #watch(): void {
    this.#pinging = setTimeout(() => {
      void this.#ping().then(() => this.#isClosed || this.#watch());
    }, pingEveryMs).unref();
  }

  async #ping(): Promise<void> {
    try {
      await this.run(ping, 'shoal', []);
      this.#trouble = undefined;
    } catch (error) {
      this.#trouble = this.#explained(error);
      if (!this.#isClosed && this.#trouble.code === 'timedOut') this.#dialAnew();
    }
  }

  #dialAnew(): void {
    this.#client.destroy();
    this.#client = this.#create();
    this.#client.connect().catch((error: unknown) => {
      this.#trouble = this.#explained(error);
    });
  }

  #explained(cause: unknown): ShoalError {
    if (cause instanceof ShoalError) return cause;
    const where = this.#url.replace(/\/\/[^@/]*@/, '//');
    const what = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
    if (/NOAUTH|WRONGPASS|NOPERM/.test(String(what)))
      return new ShoalError('authenticationFailed', `Redis at ${where} wants another user or password (${what})`, {
        cause,
      });
    if (String(what).startsWith('OOM '))
      return new ShoalError('diskFull', `Redis at ${where} is at its maxmemory: raise it`, { cause });
    return new ShoalError(
      'unreachable',
      `Redis at ${where} does not answer (${what}): check that it runs; it is tried again and again meanwhile`,
      { cause },
    );
  }
}

/** One server, or with several hosts a cluster. Both run scripts alike. */
function createRedis(url: string): Client {
  const match = /^(rediss?):\/\/(?:([^@/]*)@)?([^/?]+)(\/\d+)?\/?$/.exec(url);
  if (match === null)
    throw new UsageError('store', `"${url}" is not redis://[USER:PASSWORD@]HOST[:PORT][,HOST…][/NUMBER]`);
  const [, scheme, login, hosts, number = ''] = match;
  const urls = hosts!.split(',').map((host) => `${scheme}://${login === undefined ? '' : `${login}@`}${host}${number}`);
  const common = {
    socket: { reconnectStrategy, connectTimeout: answerMsMax },
    disableOfflineQueue: true,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  };
  if (urls.length === 1) return createClient({ url: urls[0]!, ...common });
  const rootNodes = urls.map((one) => ({ url: one }));
  const defaults = { socket: common.socket, disableOfflineQueue: true, ...(login && loginOf(login)) };
  return createCluster({ rootNodes, defaults, commandOptions: common.commandOptions });
}

function loginOf(login: string): { username?: string; password: string } {
  const [user, password] = login.split(':').map(decodeURIComponent);
  return user ? { username: user, password: password ?? '' } : { password: password ?? '' };
}

/** Twice as long after each failure, scattered so that many trackers do not come at once. */
const reconnectStrategy = (failures: number): number =>
  Math.min(backoffMsMax, 50 * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2);

/** The answer, if it comes in time. */
function within<Value>(answer: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new ShoalError('timedOut', `Redis has not answered within ${answerMsMax} ms: it is tried again`)),
      answerMsMax,
    );
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
