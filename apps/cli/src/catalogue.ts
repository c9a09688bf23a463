// The commands there are: what each takes, how it is used, and where its body lies. Bodies are loaded when they run, so
// that `shoal --help` costs no more than this page.

import type { Flag, FlagName } from './flags.ts';

/** What a command does with its arguments, its options and its Context. */
type Body = (...given: any[]) => Promise<void> | void;

/** A flag by its name, or said in the command's own words. */
type FlagUse = FlagName | readonly [FlagName, Partial<Omit<Flag, 'usage'>>];

export interface CommandEntry {
  readonly name: string;
  readonly group: string;
  readonly about: string;
  /** Not in the help: for shells, not for people. */
  readonly hidden?: boolean;
  /** As commander writes arguments: `<needed>`, `[optional]`, `<several...>`. */
  readonly takes?: readonly (readonly [usage: string, about: string, preset?: string])[];
  /** Besides the common ones. */
  readonly flags?: readonly FlagUse[];
  /** Each works when it is pasted into a shell; a test reads them all. */
  readonly examples: readonly string[];
  readonly body: () => Promise<Body>;
}

const transfer = 'Send and fetch:';
const look = 'Look:';
const content = 'Files and chunks:';
export const here = 'On this machine:';
const classic = 'Classic programs:';

const oneTracker = ['tracker', { about: 'the tracker to ask', many: false }] as const;

export const catalogue: readonly CommandEntry[] = [
  {
    name: 'send',
    group: transfer,
    about: 'share a file or folder under a short code, for any number of people to receive',
    takes: [['<path>', 'a file or folder']],
    flags: [
      'tracker',
      ['receivers', { about: 'end when so many have it all (default: go on until Ctrl-C)', preset: undefined }],
      'expires',
      'tries',
      'qr',
      'listen',
      'noDiscovery',
      'pskFile',
      ['timeout', { about: 'how long to wait for the first tracker' }],
      'chunkSize',
      'contentDefined',
      'limitUp',
      'limitDown',
      'priority',
      'identity',
    ],
    examples: ['shoal send ./photos', 'shoal send ./photos --tracker 192.168.1.5:7070 --receivers 4'],
    body: async () => (await import('./commands/send.ts')).send,
  },
  {
    name: 'receive',
    group: transfer,
    about: 'fetch what somebody sends, by the short code that `shoal send` printed',
    takes: [['[code]', 'such as 4821-coral-walnut; - reads it from stdin, and without it SHOAL_CODE holds it']],
    flags: [
      'output',
      ['seed', { about: 'when it is complete, keep serving it and answer for the code, until Ctrl-C' }],
      ['tracker', { about: 'where to look besides the local network; may be given several times' }],
      'update',
      'listen',
      'noDiscovery',
      'pskFile',
      ['timeout', { about: 'give up when nobody was found, or nothing has come, for this long', preset: '60' }],
      'limitUp',
      'limitDown',
      'priority',
      'identity',
    ],
    examples: [
      'shoal receive 4821-coral-walnut -o ./copy',
      'shoal receive 4821-coral-walnut --tracker 192.168.1.5:7070',
    ],
    body: async () => (await import('./commands/receive.ts')).receive,
  },
  {
    name: 'share',
    group: transfer,
    about: 'share a file or folder; prints its ticket and keeps serving',
    takes: [['<path>', 'a file or folder']],
    flags: [
      'tracker',
      'listen',
      'noDiscovery',
      'pskFile',
      ['timeout', { about: 'how long to wait for the first tracker' }],
      'chunkSize',
      'contentDefined',
      'limitUp',
      'limitDown',
      'priority',
      'identity',
      'seedRatio',
      'copies',
      'watch',
      'settle',
      'dryRun',
      'view',
      'record',
      'noOpen',
      'withHappenings',
    ],
    examples: [
      'shoal share ./photos --tracker 192.168.1.5:7070',
      'shoal share ./site --tracker 192.168.1.5:7070 --watch --limit-up 500k',
    ],
    body: async () => (await import('./commands/share.ts')).share,
  },
  {
    name: 'get',
    group: transfer,
    about: 'fetch what a ticket names, from every peer that has chunks of it',
    takes: [
      [
        '<ticket>',
        'the shoal: link that `shoal share` printed; - reads it from stdin; with --tracker also NAME or NAME/PATH',
      ],
    ],
    flags: [
      'output',
      'update',
      'check',
      'select',
      'sequential',
      'stdout',
      'seed',
      ['tracker', { about: 'one more tracker to ask; may be given several times' }],
      'peer',
      'neighbour',
      'noDiscovery',
      'listen',
      'pskFile',
      ['timeout', { about: 'give up when nothing has come for this long', preset: '60' }],
      'limitUp',
      'limitDown',
      'priority',
      'identity',
      'seedRatio',
      'copies',
      'onComplete',
      'dryRun',
      'view',
      'record',
      'noOpen',
      'withHappenings',
    ],
    examples: [
      "shoal get 'shoal:…' -o ./copy --seed",
      "shoal get 'shoal:…' --select 'photos/**' --limit-down 5M",
      "shoal get 'shoal:…' --stdout | mpv -",
      `shoal get 'shoal:…' --on-complete 'notify-send "$SHOAL_DONE_NAME"'`,
    ],
    body: async () => (await import('./commands/get.ts')).get,
  },
  {
    name: 'tracker',
    group: transfer,
    about: 'run a tracker; prints its address',
    flags: [
      ['listen', { about: 'where to listen; port 0 takes any that is free (default: 7070)', preset: undefined }],
      'store',
      'ttl',
      'quorum',
      'public',
      'private',
      'allow',
      'pskFile',
      'http',
      'logLevel',
    ],
    examples: ['shoal tracker --listen 7070 --store file:/var/lib/shoal/tracker.db'],
    body: async () => (await import('./commands/tracker.ts')).tracker,
  },
  {
    name: 'ls',
    group: look,
    about: 'list the files a tracker knows',
    takes: [['[filter]', 'only names that contain this', '']],
    flags: [oneTracker, 'pskFile', 'identity', 'timeout'],
    examples: ['shoal ls --tracker 192.168.1.5:7070'],
    body: async () => (await import('./commands/ls.ts')).ls,
  },
  {
    name: 'where',
    group: look,
    about: 'show who holds which chunks of a file',
    takes: [['<name>', 'the name as `shoal ls` shows it, or the swarm']],
    flags: [oneTracker, 'pskFile', 'identity', 'timeout'],
    examples: ['shoal where photos --tracker 192.168.1.5:7070'],
    body: async () => (await import('./commands/where.ts')).where,
  },
  {
    name: 'why',
    group: look,
    about: 'show what the time of a transfer went to; of the latest one unless told which',
    takes: [['[name]', 'the name of what is fetched, or its swarm (the beginning of the 64 digits is enough)']],
    examples: ['shoal why photos'],
    body: async () => (await import('./commands/why.ts')).why,
  },
  {
    name: 'view',
    group: look,
    about: 'show in a browser how a file spreads: simulated, or as it was recorded',
    takes: [['[recording]', 'what `get`, `share` or `demo` saved with --record; without it, the page with its scenes']],
    flags: ['noOpen'],
    examples: ['shoal view', 'shoal demo --record demo.ndjson && shoal view demo.ndjson'],
    body: async () => (await import('./commands/view.ts')).view,
  },
  {
    name: 'doctor',
    group: look,
    about: 'show what this machine and its network allow, and what to type to get more',
    flags: [
      ['tracker', { about: 'to be asked how it sees us; two at different hosts tell the kind of NAT' }],
      ['listen', { about: 'the port to try; 0 tries any that is free' }],
      'pskFile',
      'timeout',
    ],
    examples: ['shoal doctor', 'shoal doctor --tracker 192.168.1.5:7070 --tracker tracker.example.org:7070'],
    body: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'split',
    group: content,
    about: 'make each chunk of a file or folder a file of its own, beside a summary of ids, sizes and hashes',
    takes: [['<path>', 'a file or folder']],
    flags: [
      ['output', { about: 'the folder to make; by default NAME.chunks, here' }],
      'chunkSize',
      ['contentDefined', { about: 'cut where the bytes say so; --chunk-size is then the average' }],
      'hash',
    ],
    examples: ['shoal split ./film.mkv --chunk-size 100KiB', 'shoal join film.mkv.chunks -o copy.mkv'],
    body: async () => (await import('./commands/split.ts')).splitPath,
  },
  {
    name: 'join',
    group: content,
    about: 'put together what was split, verifying every chunk and the whole',
    takes: [['<folder>', 'a folder of chunks with its summary.txt or local_chunks.txt']],
    flags: [['output', { about: 'the file or folder to make; by default the name in the summary, here' }]],
    examples: ['shoal join film.mkv.chunks -o copy.mkv'],
    body: async () => (await import('./commands/join.ts')).joinFolder,
  },
  {
    name: 'create',
    group: content,
    about: 'make the manifest of a file or folder, and print its ticket, without serving it',
    takes: [['<path>', 'a file or folder']],
    flags: [
      ['output', { about: 'the file to make; by default NAME.manifest, here' }],
      ['tracker', { about: 'a tracker to put into the ticket; may be given several times' }],
      ['peer', { about: 'a peer to put into the ticket; may be given several times' }],
      'chunkSize',
      ['contentDefined', { about: 'cut where the bytes say so; --chunk-size is then the average' }],
      'hash',
    ],
    examples: ['shoal create ./photos -o photos.manifest --tracker 192.168.1.5:7070'],
    body: async () => (await import('./commands/create.ts')).create,
  },
  {
    name: 'info',
    group: look,
    about: 'show what a ticket, a manifest or a folder of chunks says',
    takes: [['<what>', 'a ticket, - for one on stdin, a file that `shoal create` made, or a folder of chunks']],
    examples: ['shoal info photos.manifest', "shoal info 'shoal:…'"],
    body: async () => (await import('./commands/info.ts')).info,
  },
  {
    name: 'verify',
    group: content,
    about: 'compare what is here with a ticket or manifest, and name what is missing or damaged',
    takes: [
      ['<path>', 'a file, a folder, or a folder of chunks with its summary'],
      ['[against]', 'a ticket, a manifest file or a folder of chunks; without it the summary in the folder itself'],
    ],
    flags: [
      ['tracker', { about: 'one more tracker to ask for the manifest; may be given several times' }],
      'peer',
      'noDiscovery',
      'listen',
      'pskFile',
      'identity',
      ['timeout', { about: 'how long to wait for the manifest', preset: '60' }],
    ],
    examples: ['shoal verify ./photos photos.manifest', 'shoal verify film.mkv.chunks'],
    body: async () => (await import('./commands/verify.ts')).verify,
  },
  {
    name: 'sim',
    group: here,
    about: 'play a whole swarm in this process, the same every time for one seed',
    takes: [
      ['[scenario]', 'which; without it, a list of them'],
      ['[seed]', 'what everything left open is drawn from', '1'],
    ],
    flags: [['receivers', { about: 'instead of the usual number', preset: undefined }], 'size'],
    examples: ['shoal sim', 'shoal sim together 7 --receivers 10 --size 10MB'],
    body: async () => (await import('./commands/sim.ts')).sim,
  },
  {
    name: 'completion',
    group: here,
    about: 'print the script that lets your shell complete what you type',
    takes: [['<shell>', 'bash, zsh or fish']],
    examples: ['shoal completion bash > ~/.local/share/bash-completion/completions/shoal'],
    body: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: 'complete',
    group: here,
    about: 'what fits the words so far, for the script that `shoal completion` prints',
    hidden: true,
    takes: [['[words...]', 'the words so far']],
    examples: ["shoal complete -- 'ge'"],
    body: async () => (await import('./commands/completion.ts')).complete,
  },
  {
    name: 'demo',
    group: here,
    about: 'send a file to five receivers on this machine and show who got what from whom',
    takes: [['[path]', 'a file or folder; without it, the Node program that runs this', process.execPath]],
    flags: ['receivers', 'kill', 'view', 'record', 'noOpen'],
    examples: ['shoal demo', 'shoal demo ./photos --kill receiver'],
    body: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'leave',
    group: transfer,
    about: 'stop sharing what another terminal of yours shares, and tell its trackers',
    takes: [['[name]', 'the name as `shoal ls` shows it, or the swarm']],
    flags: ['all', ['timeout', { about: 'how long to wait until it has left', preset: '10' }]],
    examples: ['shoal leave photos', 'shoal leave --all'],
    body: async () => (await import('./commands/leave.ts')).leave,
  },
  {
    name: 'owner',
    group: classic,
    about: 'ring: hand the chunks of a file out to the peers, different ones to each',
    takes: [['<file>', 'a file or folder']],
    flags: [
      'port',
      'peers',
      ['chunkSize', { about: 'such as 100KiB (102,400 bytes)', preset: '102400' }],
      'leave',
      'limitUp',
    ],
    examples: ['shoal owner ./film.mkv --port 5000 --peers 3'],
    body: async () => (await import('./commands/owner.ts')).owner,
  },
  {
    name: 'peer',
    group: classic,
    about: 'ring: get chunks from the owner and a neighbour, and serve another neighbour',
    takes: [
      ['<owner>', "the owner's [host:]port"],
      ['<own>', 'where this peer listens: [host:]port'],
      ['<neighbour>', "the download neighbour's [host:]port"],
    ],
    flags: [
      'folder',
      ['output', { about: 'where the file is joined to (default: under its name, in the folder)' }],
      ['timeout', { about: 'how long to look for the owner or the neighbour', preset: '60' }],
      'limitUp',
      'limitDown',
    ],
    examples: ['shoal peer 5000 5001 5002'],
    body: async () => (await import('./commands/peer.ts')).peer,
  },
  {
    name: 'client',
    group: classic,
    about: 'file-set: complete a folder of chunks whose hashes peers agree on, without a manifest',
    flags: [
      ['folder', { about: 'the chunks that are here, with the local_chunks.txt that lists them' }],
      'transferPort',
      'name',
      ['tracker', { about: 'the tracker that counts the claims', many: false }],
      'set',
      ['timeout', { about: 'how long to wait until somebody tells how large the set is', preset: '60' }],
      'pskFile',
      'limitUp',
      'limitDown',
    ],
    examples: ['shoal client --folder ./part --transfer-port 6001 --name me --tracker 192.168.1.5:7070'],
    body: async () => (await import('./commands/client.ts')).client,
  },
];
