// Everything that we take part in, by its name: swarms, and the meetings of short codes.

import type { LinkId } from '@shoal/machine';
import { isDraft, type SwarmId, type SwarmKey } from '@shoal/wire';
import type { Gathering } from './gathering.ts';
import type { Listed } from './listing.ts';
import { Swarm } from './swarm.ts';

export class Gatherings {
  readonly #all = new Map<SwarmId, Gathering>();

  [Symbol.iterator](): Iterator<Gathering> {
    return this.#all.values();
  }

  get(id: SwarmId): Gathering | undefined {
    return this.#all.get(id);
  }

  swarm(id: SwarmId): Swarm | undefined {
    const gathering = this.#all.get(id);
    return gathering instanceof Swarm ? gathering : undefined;
  }

  /** The swarm that trackers know by this key. */
  ofKey(key: SwarmKey): Swarm | undefined {
    return isDraft(key) ? this.#swarms().find((swarm) => swarm.key === key) : this.swarm(key);
  }

  add(gathering: Gathering): void {
    this.#all.set(gathering.id, gathering);
  }

  remove(id: SwarmId): void {
    this.#all.delete(id);
  }

  /** Those that take part with whomever they find. */
  open(): SwarmId[] {
    return Array.from(this.#all.values()).flatMap(({ id, isOpen }) => (isOpen ? [id] : []));
  }

  /** Whether the link is of no use to any of them. */
  areIdle(link: LinkId): boolean {
    for (const gathering of this.#all.values()) if (!gathering.isIdle(link)) return false;
    return true;
  }

  /** What anybody may be told of. */
  listed(): Listed[] {
    return this.#swarms().flatMap(({ id: swarm, name, isListed, content }) =>
      isListed && content !== undefined ? [{ name, swarm, content }] : [],
    );
  }

  #swarms(): Swarm[] {
    return Array.from(this.#all.values()).filter((gathering) => gathering instanceof Swarm);
  }
}
