// Every flag there is, once. A command lists those it takes by name, and may say them in its own words. Each can be
// given as SHOAL_… in the environment or stand in the config file as well (settings.ts), so a name means one thing.

import type { HashName } from '@shoal/chunker';
import { Option } from 'commander';

/** One flag. What it means is `about`; `preset` is what holds when nobody says anything. */
export interface Flag {
  /** As commander writes it: `--listen <[host:]port>`. Takes no value without the angle brackets. */
  readonly usage: string;
  readonly about: string;
  readonly preset?: string | undefined;
  /** May be given again and again. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
  /** Not in the help: for programs that start this one. */
  readonly hidden?: boolean;
}

const severalTimes = 'may be given several times';

const table = {
  // How it speaks: of every command.
  json: { usage: '--json', about: 'print events, one JSON object a line, on stdout' },
  quiet: { usage: '-q, --quiet', about: 'say nothing but what went wrong' },
  verbose: { usage: '-v, --verbose', about: 'say more: who comes and goes, what is found' },
  progress: { usage: '--progress', about: 'show progress on a pipe too, a line now and then' },
  config: { usage: '--config <file>', about: 'options by their names in JSON; flags and SHOAL_ variables come first' },
  withStdin: { usage: '--with-stdin', about: 'stop when stdin closes', hidden: true },

  // Where.
  listen: { usage: '--listen <[host:]port>', about: 'where to listen; port 0 takes any that is free', preset: '0' },
  tracker: {
    usage: '--tracker <host:port>',
    about: `where others find it besides the local network; ${severalTimes}`,
    many: true,
  },
  peer: { usage: '--peer <host:port>', about: `a peer to ask directly; ${severalTimes}`, many: true },
  neighbour: {
    usage: '--neighbour <host:port>',
    about: `ask this peer, and no others or trackers; ${severalTimes}`,
    many: true,
  },
  noDiscovery: { usage: '--no-discovery', about: 'do not look for peers on the local network' },
  pskFile: {
    usage: '--psk-file <file>',
    about: 'the key of a private swarm: 64 hexadecimal digits, alike for all; - reads it from stdin',
  },
  identity: {
    usage: '--identity <file>',
    about: 'who this is to others, the same each time; made when the file is not there, for its owner alone',
  },
  timeout: { usage: '--timeout <seconds>', about: 'how long to wait for an answer', preset: '5' },

  // What, and how fast.
  output: {
    usage: '-o, --output <path>',
    about: 'the file or folder to make; by default the name in the ticket, here',
  },
  update: {
    usage: '--update',
    about: 'what is there is an older version: fetch only what changed, then take its place',
  },
  check: { usage: '--check', about: 'read and verify all that an earlier try left, not only what was changed since' },
  select: {
    usage: '--select <pattern>',
    about: `only files like this, such as *.jpg or a folder; ${severalTimes}`,
    many: true,
  },
  sequential: { usage: '--sequential', about: 'fetch what comes first in the content first' },
  stdout: { usage: '--stdout', about: 'write the one file to standard output as it arrives; kept only with --output' },
  tries: { usage: '--tries <count>', about: 'wrong guesses that the code bears, 1 to 255', preset: '5' },
  expires: { usage: '--expires <time>', about: 'how long the code is good, such as 90s, 30m or 2h', preset: '1h' },
  qr: { usage: '--qr', about: 'show the QR code on a pipe too' },
  seed: { usage: '--seed', about: 'keep serving when it is complete, until Ctrl-C' },
  chunkSize: {
    usage: '--chunk-size <size>',
    about: 'such as 100KB or 256KiB; by default chosen from the size of the content',
  },
  contentDefined: {
    usage: '--content-defined',
    about: 'cut where the bytes say so, for `shoal get --update`; --chunk-size is then the average',
  },
  hash: {
    usage: '--hash <name>',
    about: 'what to name chunks by',
    choices: ['blake3', 'sha256'] satisfies HashName[],
    preset: 'blake3',
  },
  limitUp: { usage: '--limit-up <rate>', about: 'send no more a second than this, such as 500k or 5MB' },
  priority: {
    usage: '--priority <how>',
    about: 'beside other traffic: background gives way to it, max does not',
    choices: ['background', 'normal', 'max'],
  },
  seedRatio: { usage: '--seed-ratio <ratio>', about: 'stop when so many times its size was sent' },
  copies: { usage: '--copies <n>', about: 'stop when so many others have all of it' },
  watch: { usage: '--watch', about: 'follow it: what changed becomes a new version with a new ticket' },
  settle: { usage: '--settle <seconds>', about: 'with --watch: how long nothing changes before that', preset: '1' },
  dryRun: { usage: '--dry-run', about: 'only say what would be done' },
  onComplete: {
    usage: '--on-complete <command>',
    about: 'run this when it is complete, told of it by SHOAL_DONE_PATH, _NAME, _SWARM and _BYTES',
  },
  limitDown: { usage: '--limit-down <rate>', about: 'fetch no more a second than this' },

  // Trackers.
  store: {
    usage: '--store <name>',
    about:
      'where the table is kept: memory, file:PATH, or redis://HOST:PORT for several trackers with one table (default: a file in the state folder; memory with port 0)',
  },
  ttl: { usage: '--ttl <seconds>', about: 'forget a peer that has been silent this long (default: 60)' },
  quorum: {
    usage: '--quorum <peers>',
    about: 'so many agree on the hash of a chunk before it is believed (default: 2)',
  },
  public: { usage: '--public', about: 'for everybody (default)' },
  private: { usage: '--private', about: 'only for those of --allow, of --psk-file, or of both' },
  allow: { usage: '--allow <file>', about: 'the identities that may use it, one a line' },
  http: {
    usage: '--http <[host:]port|off>',
    about: 'health, metrics and the table (default: on loopback, one port up)',
  },
  logLevel: { usage: '--log-level <level>', about: 'debug tells of every peer (default: info)' },

  // To watch.
  view: { usage: '--view', about: 'show it in a browser while it runs: prints an address of this machine' },
  record: { usage: '--record <file>', about: 'save what happens, for `shoal view`' },
  noOpen: { usage: '--no-open', about: 'start no browser; the address is printed all the same' },
  withHappenings: { usage: '--with-happenings', about: 'tell a demo what happens', hidden: true },

  // The classic programs, and leaving.
  port: { usage: '--port <[host:]port>', about: 'where peers reach the owner; port 0 takes any that is free' },
  peers: {
    usage: '--peers <count>',
    about: 'wait until so many peers are there, so that each gets a part',
    preset: '1',
  },
  leave: { usage: '--leave', about: 'leave when every chunk is out once' },
  folder: { usage: '--folder <path>', about: 'where its chunks are kept (default: peer-PORT, here)' },
  transferPort: {
    usage: '--transfer-port <[host:]port>',
    about: 'where others get chunks; port 0 takes any that is free',
  },
  name: { usage: '--name <name>', about: 'what this client is called in what it says' },
  set: { usage: '--set <name>', about: 'the name of the file-set, alike for all', preset: 'file-set' },
  all: { usage: '--all', about: 'everything' },

  // The demo, and simulations.
  size: { usage: '--size <bytes>', about: 'of the content, where the scenario has a usual one: 25MB' },
  receivers: { usage: '--receivers <count>', about: 'how many receivers, 1 to 50', preset: '5' },
  kill: { usage: '--kill <who>', about: 'end one process half-way by SIGKILL', choices: ['receiver', 'tracker'] },
} as const satisfies Record<string, Flag>;

export type FlagName = keyof typeof table;

/** By their names, which are their keys in the config file. */
export const flags: Readonly<Record<FlagName, Flag>> = table;

/** What every command takes. */
export const commonFlags: readonly FlagName[] = ['json', 'quiet', 'verbose', 'progress', 'config', 'withStdin'];

/** The variable that stands for a flag: `SHOAL_LIMIT_UP`. */
export const variableOf = (name: string): string => `SHOAL_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;

/** The flag as commander takes it. */
export function optionOf({ usage, about, preset, many = false, choices, hidden = false }: Flag): Option {
  const option = new Option(usage, about).hideHelp(hidden);
  if (choices !== undefined) option.choices(choices);
  if (many) option.argParser(collect);
  else if (preset !== undefined) option.default(preset, preset);
  return option;
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text];
