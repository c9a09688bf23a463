// What a simulated scene is made of. A scene is a link: settings to the text behind the # of an address and back. Whatever
// stands there is brought within limits, so that an odd link shows an odd scene and not a broken page.

export type Policy = 'rarestFirst' | 'random' | 'sequential';
export type Topology = 'mesh' | 'ring';

export interface Settings {
  /** Peers with the owner. */
  readonly peers: number;
  readonly chunks: number;
  readonly ownerMbit: number;
  readonly peerMbit: number;
  /** How unequal the receivers' uplinks are: the fastest has so many times that of the slowest. */
  readonly spread: number;
  readonly delayMs: number;
  readonly lossPercent: number;
  readonly policy: Policy;
  readonly topology: Topology;
  /** The owner goes after so many copies; 0: it stays. */
  readonly ownerCopies: number;
  /** The owner gives each receiver other chunks first. */
  readonly firstCopies: boolean;
  readonly liars: number;
  /** A receiver goes as soon as it has everything. */
  readonly selfish: boolean;
  readonly seed: string;
}

export const defaultSettings: Settings = {
  peers: 24,
  chunks: 120,
  ownerMbit: 20,
  peerMbit: 20,
  spread: 1,
  delayMs: 20,
  lossPercent: 0,
  policy: 'rarestFirst',
  topology: 'mesh',
  ownerCopies: 0,
  firstCopies: true,
  liars: 0,
  selfish: false,
  seed: '1',
};

interface Limits {
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

/** Of numbers: from, to, and what they are multiples of. */
export const limits: Readonly<Record<NumberName, Limits>> = {
  peers: { least: 2, most: 200, step: 1 },
  chunks: { least: 4, most: 1_000, step: 1 },
  ownerMbit: { least: 1, most: 1_000, step: 1 },
  peerMbit: { least: 1, most: 1_000, step: 1 },
  spread: { least: 1, most: 100, step: 1 },
  delayMs: { least: 0, most: 500, step: 1 },
  lossPercent: { least: 0, most: 20, step: 0.1 },
  ownerCopies: { least: 0, most: 10, step: 0.05 },
  liars: { least: 0, most: 20, step: 1 },
};

export type NumberName = {
  [name in keyof Settings]: Settings[name] extends number ? name : never;
}[keyof Settings];

export const policies: readonly Policy[] = ['rarestFirst', 'random', 'sequential'];
export const topologies: readonly Topology[] = ['mesh', 'ring'];

const seedCharactersMax = 40;

/** Only what differs from the usual. */
export function settingsToQuery(settings: Settings): string {
  const query = new URLSearchParams();
  for (const [name, usual] of Object.entries(defaultSettings)) {
    const value = settings[name as keyof Settings];
    if (value !== usual) query.set(name, String(value));
  }
  return query.toString();
}

export function settingsFromQuery(text: string): Settings {
  const query = new URLSearchParams(text);
  const number = (name: NumberName): number => within(name, query.get(name));
  const flag = (name: 'firstCopies' | 'selfish'): boolean => {
    const said = query.get(name);
    return said === null ? defaultSettings[name] : said === 'true';
  };
  const among = <T extends string>(all: readonly T[], name: 'policy' | 'topology', usual: T): T =>
    all.find((one) => one === query.get(name)) ?? usual;
  const peers = number('peers');
  return {
    peers,
    chunks: number('chunks'),
    ownerMbit: number('ownerMbit'),
    peerMbit: number('peerMbit'),
    spread: number('spread'),
    delayMs: number('delayMs'),
    lossPercent: number('lossPercent'),
    policy: among(policies, 'policy', defaultSettings.policy),
    topology: among(topologies, 'topology', defaultSettings.topology),
    ownerCopies: number('ownerCopies'),
    firstCopies: flag('firstCopies'),
    liars: Math.min(number('liars'), peers - 2),
    selfish: flag('selfish'),
    seed: (query.get('seed') ?? defaultSettings.seed).slice(0, seedCharactersMax),
  };
}

/** The number that a text says, within its limits; the usual one when it says none. */
export function within(name: NumberName, text: string | null): number {
  const { least, most, step } = limits[name];
  const said = text === null || text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(said)) return defaultSettings[name];
  const bounded = Math.min(most, Math.max(least, said));
  return Number((Math.round(bounded / step) * step).toFixed(4));
}
