// One stream, as fast as it goes. Counted at the receiver for so many seconds from the first byte on, start-up of the
// congestion window and of the compiler included. A transport may give a stream up when bytes were damaged on the way;
// with many streams on a connection the sender then goes on with a new one.

import type { ByteStream, Connection } from '../contract.ts';
import { type Case, cpuSeconds, peakMegabytes, receiveAll } from './case.ts';
import { pattern, patternBytes, PatternCheck } from './pattern.ts';

export const bulk: Case = {
  multiplexed: false,
  async listen(transport, { host, seconds, verify }) {
    let bytes = 0;
    let damagedBytes = 0;
    const began = Promise.withResolvers<void>();
    const contact = await transport.listen(host, (stream) => {
      const check = verify ? new PatternCheck() : undefined;
      receiveAll(stream, (part) => {
        if (bytes === 0) began.resolve();
        bytes += part.length;
        damagedBytes += check?.damagedBytes(part) ?? 0;
      });
    });
    const figures = (async () => {
      await began.promise;
      const [at, cpu] = [performance.now(), cpuSeconds()];
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const elapsedSeconds = (performance.now() - at) / 1_000;
      const receiverCpuSecondsPerGB = ((cpuSeconds() - cpu) / bytes) * 1e9;
      const megabytesPerSecond = bytes / 1e6 / elapsedSeconds;
      return { megabytesPerSecond, receiverCpuSecondsPerGB, receiverPeakMB: peakMegabytes(), damagedBytes };
    })();
    return { contact, finish: () => figures };
  },
  async dial(transport, { host, seconds }, contact) {
    const connection = await (await transport.openDialler(host))(contact);
    const [until, cpu] = [performance.now() + seconds * 1_000, cpuSeconds()];
    const sent = { bytes: 0, streamsGivenUp: 0 };
    while (performance.now() < until) await sendUntil(until, connection, transport.multiplexed, sent);
    const senderCpuSecondsPerGB = ((cpuSeconds() - cpu) / sent.bytes) * 1e9;
    return { senderCpuSecondsPerGB, senderPeakMB: peakMegabytes(), streamsGivenUp: sent.streamsGivenUp };
  },
};

async function sendUntil(
  until: number,
  connection: Connection,
  mayRetry: boolean,
  sent: { bytes: number; streamsGivenUp: number },
): Promise<void> {
  const stream: ByteStream = await connection.openStream();
  try {
    for (; performance.now() < until; sent.bytes += patternBytes) await stream.write(pattern);
  } catch (error) {
    if (!mayRetry) throw error;
    sent.streamsGivenUp += 1;
  }
}
