// What the command line needs of the page: the format of what it shows.

export * from './happenings.ts';
export * from './recording-file.ts';
