// What each congestion controller makes of each path, over the simulated network in virtual time:
//   node -C @shoal/source bench/profiles.ts [--profile NAME] [--controller NAME] [--seconds 20] [--seed 1] [--json]
// Mbit/s of application bytes after a second (or three round trips) to start in, share of the link, and what it
// cost: the smoothed round-trip time at the end, and the share of packets lost.

import { parseArgs } from 'node:util';
import { Bbr, type CongestionFactory, Cubic, Ledbat } from '../src/index.ts';
import { type PathProfile, pathProfiles } from '../src/testing/index.ts';
import { Flows } from '../test/flows.ts';

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    controller: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const controllers: Record<string, CongestionFactory> = {
  cubic: (datagramBytes) => new Cubic(datagramBytes),
  bbr: (datagramBytes) => new Bbr(datagramBytes),
  'ledbat++': (datagramBytes) => new Ledbat(datagramBytes),
};

if (!values.json) process.stdout.write('profile       controller   Mbit/s    share   RTT ms    lost\n');
for (const [profileName, profile] of Object.entries<PathProfile>(pathProfiles)) {
  if (values.profile !== undefined && values.profile !== profileName) continue;
  for (const [controller, factory] of Object.entries(controllers)) {
    if (values.controller === undefined || values.controller === controller)
      report(profileName, profile, controller, factory);
  }
}

function report(name: string, profile: PathProfile, controller: string, factory: CongestionFactory): void {
  // A gigabit takes a hundred thousand packets a second to simulate.
  const seconds = Math.min(Number(values.seconds), 3e9 / profile.rateBytesPerSecond! / 8 + 1);
  const flows = new Flows(profile, `${name}/${values.seed}`);
  const flow = flows.start(factory);
  flows.run(Math.max(1_000, 10 * profile.delayMs));
  const [mbits] = flows.measure([flow], seconds * 1_000);
  const { srttMs, packetsLost, packetsSent } = flow.connection.stats;
  const share = (mbits! * 125_000) / profile.rateBytesPerSecond!;
  const lost = packetsLost / packetsSent;
  if (values.json)
    process.stdout.write(`${JSON.stringify({ profile: name, controller, mbits, share, srttMs, lost })}\n`);
  else
    process.stdout.write(
      `${name.padEnd(13)} ${controller.padEnd(9)} ${mbits!.toFixed(1).padStart(9)} ${share.toFixed(2).padStart(8)} ` +
        `${srttMs.toFixed(1).padStart(8)} ${(100 * lost).toFixed(2).padStart(6)} %\n`,
    );
}
