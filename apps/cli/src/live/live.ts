// Watches what this process transfers: what happens goes to a show, or to the demo that started it.

import type { Share, Transfer } from '@shoal/peer/node';
import type { Happening } from '@shoal/visualizer';
import type { Context } from '../run.ts';
import { every } from '../ticks.ts';
import { clockMs, openShow, tickMs } from './show.ts';
import type { Live, LiveOptions, Watched } from './options.ts';
import { type Sight, SwarmWatch } from './swarm-watch.ts';

/** Events after which the picture is another. */
const turns: ReadonlySet<string> = new Set(['storeReady', 'remoteJoined', 'remoteLeft', 'completed']);

export async function startLive(options: LiveOptions, title: string, context: Context): Promise<Live> {
  const { withHappenings = false } = options;
  const { output } = context;
  const show = withHappenings ? undefined : await openShow({ ...options, title, context });
  const tell = (happenings: readonly Happening[]): void => {
    if (happenings.length === 0) return;
    if (show === undefined) output.event({ event: 'happenings', happenings });
    else show.recording.add(happenings);
  };
  let watching: TransferWatch | undefined;
  return {
    watch(transfer, watched) {
      watching?.end();
      watching = new TransferWatch(transfer, watched, withHappenings, tell);
    },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => setImmediate(resolve)); // the last events are on their way
      watching?.end();
      await show?.[Symbol.asyncDispose]();
    },
  };
}

class TransferWatch {
  readonly #transfer: Transfer | Share;
  readonly #watch: SwarmWatch;
  readonly #tell: (happenings: readonly Happening[]) => void;
  readonly #ticking: Disposable;
  #told: Happening[] = [];
  #isOver = false;

  constructor(
    transfer: Transfer | Share,
    { self, role, limits = {} }: Watched,
    selfOnly: boolean,
    tell: (happenings: readonly Happening[]) => void,
  ) {
    this.#transfer = transfer;
    this.#tell = tell;
    const { name } = transfer.progress();
    this.#watch = new SwarmWatch({ self, role, label: 'this peer', name, limits, selfOnly });
    this.#ticking = every(tickMs, () => this.#look());
    void this.#follow();
    this.#look();
  }

  end(): void {
    this.#isOver = true;
    this.#ticking[Symbol.dispose]();
    this.#tell(this.#told.concat(this.#watch.end(this.#sight(), clockMs())));
  }

  async #follow(): Promise<void> {
    for await (const event of this.#transfer.events) {
      if (this.#isOver) return;
      for (const happening of this.#watch.handle(event, clockMs())) this.#told.push(happening);
      if (turns.has(event.type)) this.#look();
    }
  }

  #look(): void {
    this.#tell(this.#told.concat(this.#watch.look(this.#sight(), clockMs())));
    this.#told = [];
  }

  #sight(): Sight {
    return { picture: this.#transfer.picture(), holdups: this.#transfer.progress().holdups };
  }
}
