// Names that peers register become lines on other people's terminals and folders on their disks.

/** One path segment that means itself: not empty, no separator, not `.` or `..`, no control or direction characters. */
export const isSafeName = (name: string): boolean =>
  name !== '' && name !== '.' && name !== '..' && !/[/\\\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(name);
