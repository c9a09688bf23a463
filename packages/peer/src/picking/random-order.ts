// Any chunk is as good as another, as in the classic exercise: rarest first that does not know what is rare.

import { RarestFirst } from './rarest-first.ts';

export class RandomOrder extends RarestFirst {
  override add(chunk: number): void {
    super.add(chunk, 0);
  }

  override setCopies(): void {}
}
