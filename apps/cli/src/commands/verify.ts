// `shoal verify`: whether a file or folder is what a ticket or a manifest says, or a folder of chunks what its summary
// says. Names all that is not as it should be.

import { verifyChunks, verifyContent } from '@shoal/chunker/node';
import { ShoalError } from '@shoal/machine';
import { fetchManifest, isTicket, readManifest, readTicket } from '../manifests.ts';
import type { PeerOptions } from '../options.ts';
import type { CommonOptions, Context } from '../run.ts';
import { plural } from '../text/plural.ts';
import { formatBytes } from '../text/units.ts';

type VerifyOptions = CommonOptions & PeerOptions;

export async function verify(
  path: string,
  against: string | undefined,
  options: VerifyOptions,
  context: Context,
): Promise<void> {
  const { output, interrupt } = context;
  const { signal } = interrupt;
  const found = await (against === undefined
    ? verifyChunks(path, { signal }).catch(sayWhatElse)
    : verifyContent(
        path,
        isTicket(against)
          ? await fetchManifest(readTicket(against, options), options, context)
          : await readManifest(against),
        { signal, onProgress: (done, total) => output.live(`${formatBytes(done)} of ${formatBytes(total)}`) },
      ));
  output.liveDone();
  const troubles = found.troubles.map((trouble) => ({
    file: 'path' in trouble ? trouble.path : trouble.file,
    problem: trouble.problem,
  }));
  for (const { file, problem } of troubles) {
    output.event({ event: 'trouble', file, problem });
    output.complain(`${file} is ${problem}`);
  }
  const { layout, swarmId, manifest } = found.document;
  if (troubles.length > 0)
    throw new ShoalError(
      'verificationFailed',
      `${path}: ${troubles.length} of ${against === undefined ? layout.chunkCount : manifest.files.length} are not as they should be`,
    );
  output.event({ event: 'done', path, swarm: swarmId, bytes: layout.totalBytes, chunks: layout.chunkCount });
  output.say(
    `${path}: all ${formatBytes(layout.totalBytes)} in ${plural(layout.chunkCount, 'chunk')} are as they should be`,
  );
}

/** No folder of chunks: something to compare it with is likely what was forgotten. */
function sayWhatElse(error: unknown): never {
  if (!(error instanceof ShoalError) || error.code !== 'notFound') throw error;
  throw new ShoalError('notFound', `${error.message}; or name a ticket or a manifest to compare it with`, {
    cause: error,
  });
}
