// `shoal doctor`: what this machine and its network allow, and what to type to get more.

import { ShoalError } from '@shoal/machine';
import { openLinks } from '@shoal/transport-udp/node';
import { clockFinding } from '../doctor/clock.ts';
import { diskFinding } from '../doctor/disk.ts';
import { type Finding, formatFindings, type Standing } from '../doctor/finding.ts';
import { natFinding, type Sighting } from '../doctor/nat.ts';
import * as sockets from '../doctor/sockets.ts';
import { stateFolder } from '../folders.ts';
import { readAddress, readListen, readPsk, readSeconds } from '../options.ts';
import type { CommonOptions, Context } from '../run.ts';

interface DoctorOptions extends CommonOptions {
  readonly tracker: readonly string[];
  readonly listen: string;
  readonly pskFile?: string;
  readonly timeout: string;
}

export async function doctor(options: DoctorOptions, { output, interrupt }: Context): Promise<void> {
  const trackers = options.tracker.map((address) => readAddress('--tracker', address));
  const timeoutMs = readSeconds('--timeout', options.timeout) * 1000;
  const listen = readListen('--listen', options.listen);
  const findings: Finding[] = [
    { what: 'program', standing: 'ok', words: `Node ${process.version}, ${process.platform} ${process.arch}` },
    await sockets.portFinding(listen),
    await sockets.trackerPortFinding(),
    await sockets.familyFinding('IPv4'),
    await sockets.familyFinding('IPv6'),
    await sockets.lanFinding(),
  ];
  await using links = await openLinks(readPsk(options.pskFile));
  const sightings: Sighting[] = [];
  for (const tracker of trackers) {
    const { finding, observed } = await sockets.trackerFinding(links, tracker, timeoutMs, interrupt.signal);
    findings.push(finding);
    if (observed !== undefined) sightings.push({ tracker, observed });
  }
  findings.push(
    natFinding(sightings, links.address.port, sockets.ownHosts()),
    sockets.offloadFinding(links),
    sockets.buffersFinding(links),
    await clockFinding(),
    diskFinding('this folder', process.cwd()),
    diskFinding('state folder', stateFolder()),
  );
  for (const finding of findings) output.event({ event: 'finding', ...finding });
  output.event({ event: 'done', ...countStandings(findings) });
  output.data(formatFindings(findings));
  if (trackers.length > 0 && sightings.length === 0)
    throw new ShoalError('trackerUnreachable', 'none of the trackers named answers');
}

function countStandings(findings: readonly Finding[]): Record<Standing, number> {
  const counts = { ok: 0, slow: 0, bad: 0, unknown: 0 };
  for (const { standing } of findings) counts[standing] += 1;
  return counts;
}
