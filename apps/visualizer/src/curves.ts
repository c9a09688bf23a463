// How the swarm went over time: one sample a step, taken as the happenings come in.

import type { Picture } from './picture.ts';

const stepMs = 50;

export class Curves {
  readonly seconds: number[] = [];
  readonly completed: number[] = [];
  readonly rarestCopies: number[] = [];
  /** Parts of all chunks that came so far. */
  readonly ownerShare: number[] = [];
  readonly peerShare: number[] = [];
  #nextMs = 0;

  /** To be told before what happens at `ms` is taken in: until then the picture has stood as it is. */
  reach(ms: number, picture: Picture): void {
    for (; this.#nextMs < ms; this.#nextMs += stepMs) {
      const given = picture.fromOwner + picture.fromPeers;
      this.seconds.push(this.#nextMs / 1_000);
      this.completed.push(picture.completedCount);
      this.rarestCopies.push(picture.rarestCopies);
      this.ownerShare.push(given === 0 ? 0 : picture.fromOwner / given);
      this.peerShare.push(given === 0 ? 0 : picture.fromPeers / given);
    }
  }
}
