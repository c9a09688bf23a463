// Which congestion controller a connection gets, by how much its transfer matters to whoever uses the network
// (docs/decisions/0002 says why these).

import { assertNever } from '@shoal/machine';
import { Bbr } from './bbr.ts';
import type { CongestionFactory } from './controller.ts';
import { Ledbat } from './ledbat.ts';

/** `background` gives way to everything else; `max` takes what the path carries. */
export type TransferPriority = (typeof transferPriorities)[number];

export const transferPriorities = ['background', 'normal', 'max'] as const;

export function controllerFor(priority: TransferPriority): CongestionFactory {
  switch (priority) {
    case 'background':
      return (datagramBytes) => new Ledbat(datagramBytes);
    case 'normal':
    case 'max':
      return (datagramBytes) => new Bbr(datagramBytes);
    default:
      return assertNever(priority, 'priority');
  }
}
