// Two network namespaces joined by a veth pair with an MTU of 1,500: a cable between two machines, without the cable.
// With offload, packets cross it as large as the sender made them; without, each datagram alone.

import { type Host, type Network, onHost, run } from './network.ts';

const mtu = 1_500;
/** What a card does that cannot segment: the kernel cuts large packets just before it, and none are put together. */
const withoutOffload = ['tso', 'off', 'tx-udp-segmentation', 'off', 'gro', 'off'];
const subnet = '10.76.0';
let made = 0;

/** Needs root, and `ethtool` to do without offload. Whatever is still held when the process ends is removed then. */
export function openVeth({ offload }: { offload: boolean }): Network {
  const stem = `shoal${process.pid}${'ab'[made]}`;
  made += 1;
  const namespaces = [`${stem}-0`, `${stem}-1`] as const;
  const remove = (): void => {
    process.off('exit', remove);
    for (const namespace of namespaces) run('ip', 'netns', 'del', namespace); // takes its end of the pair along
  };
  for (const namespace of namespaces) run('ip', 'netns', 'add', namespace);
  process.once('exit', remove);
  const ip = (end: 0 | 1, words: string): string => run('ip', '-n', namespaces[end], ...words.split(' '));
  ip(0, `link add v0 mtu ${mtu} type veth peer name v1 mtu ${mtu} netns ${namespaces[1]}`);
  const up = (end: 0 | 1): Host => {
    const address = `${subnet}.${end + 1}`;
    ip(end, `addr add ${address}/24 dev v${end}`);
    ip(end, `link set v${end} up`);
    ip(end, 'link set lo up');
    const host = { address, enter: ['ip', 'netns', 'exec', namespaces[end]] };
    if (!offload) run(...onHost(host, 'ethtool', '-K', `v${end}`, ...withoutOffload));
    return host;
  };
  return {
    name: offload ? 'veth' : 'veth-no-offload',
    hosts: [up(0), up(1)],
    [Symbol.asyncDispose]: () => Promise.resolve(remove()),
  };
}
