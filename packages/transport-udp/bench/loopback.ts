// One transfer between two processes on loopback, in MB/s of application bytes:
//   node -C @shoal/source bench/loopback.ts [--mb 1024] [--plain] [--asks 8] [--datagram 1472] [--buffer 4194304]
// The receiver asks for bodies of 1 MiB, so many at once; what is measured is the whole of links, records, recovery.

import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Address, askId, invariant, type LinkFact, type LinkId } from '@shoal/machine';
import { openLinks } from '../src/node/index.ts';

const { values } = parseArgs({
  options: {
    mb: { type: 'string', default: '1024' },
    asks: { type: 'string', default: '8' },
    datagram: { type: 'string', default: '1472' },
    buffer: { type: 'string', default: `${4 * 2 ** 20}` },
    plain: { type: 'boolean', default: false },
  },
});
const bodyBytes = 2 ** 20;
const bodies = Math.ceil((Number(values.mb) * 1e6) / bodyBytes);
const options = {
  host: '127.0.0.1',
  offload: !values.plain,
  socketBufferBytes: Number(values.buffer),
  config: { datagramBytes: Number(values.datagram) },
};

if (process.send === undefined) {
  const sender = fork(import.meta.filename, process.argv.slice(2), { execArgv: process.execArgv });
  sender.once('message', (address) => void receive(address as Address).then(() => sender.send('done')));
} else await serve();

async function serve(): Promise<void> {
  const links = await openLinks(options);
  const body = new Uint8Array(bodyBytes).map((_, i) => i);
  let link: LinkId | undefined;
  links.listen((fact) => {
    link ??= fact.type === 'linkOpened' ? fact.link : undefined;
    if (fact.type !== 'requestReceived') return;
    links.perform({ type: 'answer', link: fact.link, request: fact.request, head: new Uint8Array(), body });
  });
  process.send?.(links.address);
  process.once('message', () => {
    const { user, system } = process.cpuUsage();
    process.stdout.write(
      `sender   cpu ${((user + system) / 1e6).toFixed(2)} s  ${JSON.stringify({ ...links.stats, ...links.linkStats(link!) })}\n`,
    );
    void links.close().then(() => process.disconnect?.());
  });
}

async function receive(address: Address): Promise<void> {
  const links = await openLinks(options);
  let asked = 0;
  let got = 0;
  let began = 0;
  const ask = (link: LinkId): void => {
    asked += 1;
    links.perform({ type: 'ask', link, ask: askId(asked), request: new Uint8Array(16), bodyBytesMax: bodyBytes });
  };
  await new Promise<void>((resolve) => {
    links.listen((fact: LinkFact) => {
      if (fact.type === 'linkOpened') {
        began = performance.now();
        for (let i = 0; i < Number(values.asks); i += 1) ask(fact.link);
      } else if (fact.type === 'answerReceived') {
        got += 1;
        links.recycle(fact.body);
        if (asked < bodies) ask(fact.link);
        if (got === bodies) resolve();
      } else if (fact.type !== 'answerProgressed') invariant(false, `nothing else happens, not ${fact.type}`);
    });
    links.perform({ type: 'dial', dial: 1, address });
  });
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${((bodies * bodyBytes) / ms / 1_000).toFixed(0)} MB/s\n`);
  process.stdout.write(`receiver cpu ${((user + system) / 1e6).toFixed(2)} s  ${JSON.stringify(links.stats)}\n`);
  await links.close();
}
