// `shoal where`: who holds which chunks of a file.

import { formatAddress, ShoalError } from '@shoal/machine';
import { readLocated } from '@shoal/tracker';
import { askTracker } from '@shoal/tracker/node';
import { isDraft, type Standing, standings } from '@shoal/wire';
import { formatIds } from '../classic/activity.ts';
import { listClaims } from '../classic/agreement.ts';
import { readAddress, readSeconds } from '../options.ts';
import { type LinkOptions, openOwnLinks } from '../links.ts';
import { findFiles } from '../listings.ts';
import type { CommonOptions, Context } from '../run.ts';
import { isSwarmBeginning } from '../swarm-beginning.ts';
import { plural } from '../text/plural.ts';
import { formatRanges } from '../text/ranges.ts';
import { formatTable } from '../text/table.ts';
import { formatBytes } from '../text/units.ts';

interface WhereOptions extends CommonOptions, LinkOptions {
  readonly tracker: string;
  readonly timeout: string;
}

export async function where(name: string, options: WhereOptions, { output, interrupt }: Context): Promise<void> {
  const tracker = readAddress('--tracker', options.tracker);
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const { signal } = interrupt;
  await using links = await openOwnLinks(options);
  const [listed] = isSwarmBeginning(name) ? await findFiles(name, { links, trackers: tracker, timeoutMs, signal }) : [];
  const file = listed === undefined ? { name } : { swarm: listed.swarm };
  const request = { type: 'fileLocations', file } as const;
  const { reply, body } = await askTracker(links, tracker, request, { timeoutMs, signal });
  if (reply.file === undefined)
    throw new ShoalError('notFound', `${options.tracker} knows no "${name}"; \`shoal ls\` lists what it knows`);
  const located = readLocated(reply, body);
  if (located === undefined)
    throw new ShoalError('protocolViolated', `${options.tracker} answered with half an answer`);
  const { holders } = located;
  const { chunkCount, bytes, swarm, seeders, leechers } = reply.file;
  const amounts = [plural(chunkCount, 'chunk'), plural(seeders, 'seeder'), plural(leechers, 'leecher')] as const;
  output.say(`${reply.file.name}: ${formatBytes(bytes)} in ${amounts.join(', ')}`);
  for (const { address, peer, held } of holders)
    output.event({ event: 'holder', address: formatAddress(address), peer, chunks: [...held.ones()] });
  const claims = isDraft(swarm) ? await listClaims(swarm, { links, tracker, timeoutMs, signal }) : [];
  const standingSo = (standing: Standing): number[] =>
    claims.flatMap((claimed) => (claimed.standing === standing ? [claimed.chunk] : []));
  if (isDraft(swarm))
    for (const standing of standings) output.event({ event: 'claims', standing, chunks: standingSo(standing) });
  output.event({ event: 'done', swarm, holders: reply.total, rarest: reply.rarest });
  const rows = holders.map(({ address, held }) => [formatAddress(address), String(held.count), formatRanges(held)]);
  output.data(formatTable([['peer', 'held', 'chunks'], ...rows]));
  if (isDraft(swarm))
    output.data(
      standings.map((standing) => `${lists[standing].padEnd(10)}  ${formatIds(standingSo(standing))}`).join('\n'),
    );
  if (reply.total > holders.length) output.say(`and ${reply.total - holders.length} more`);
}

/** Where a chunk stands, by how many peers say the same of it. */
const lists = { checkList: 'check list', chunkList: 'chunk list', disputed: 'disputed' } as const;
