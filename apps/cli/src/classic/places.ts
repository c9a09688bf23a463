// Where owner, peer and neighbour are, as the classic exercises say it: by port alone, on this machine.

import { type Address, parseAddress, UsageError } from '@shoal/machine';

/** `PORT` on this machine, or `HOST:PORT`. */
export function readPlace(option: string, text: string): Address {
  const place = parseAddress(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
  if (place === undefined)
    throw new UsageError(option, `"${text}" is not [HOST:]PORT, such as 5001 or 192.168.1.5:5001`);
  return place;
}
