// What the file system says when it refuses, as ShoalErrors that name the path and what to do.

import { type ErrorCode, ShoalError } from '@shoal/machine';
import { showName } from '../safe-path.ts';

const reasons: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['notFound', 'there is no such file or folder'],
  ENOTDIR: ['notFound', 'part of the path is not a folder'],
  EACCES: ['permissionDenied', 'permission denied'],
  EPERM: ['permissionDenied', 'not permitted'],
  EROFS: ['permissionDenied', 'the file system is read-only'],
  EEXIST: ['exists', 'it exists already'],
  ENOTEMPTY: ['exists', 'it exists already'],
  ENOSPC: ['diskFull', 'the disk is full: free some space and run the same command again'],
  EDQUOT: ['diskFull', 'the disk quota is used up: free some space and run the same command again'],
  EFBIG: ['diskFull', 'the file system takes no file of this size'],
  ENAMETOOLONG: ['nameUnsafe', 'the name is too long for this file system'],
};

/** `action` begins the sentence: "cannot read". */
export function diskError(error: unknown, action: string, path: string): ShoalError {
  if (error instanceof ShoalError) return error;
  const [code, reason] = reasons[errno(error) ?? ''] ?? ['diskFailed', (error as Error).message];
  return new ShoalError(code, `${action} ${showName(path)}: ${reason}`, { cause: error });
}

/** The system's code of an error, such as `ENOENT`. */
export const errno = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
