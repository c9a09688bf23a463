// One side of Hyperdrive: nodes that introduce the others, as public ones do elsewhere; an owner, who puts a folder into a
// drive; a receiver, who fetches the drive into a folder. Says its word when it is ready or has all, and serves until it is
// killed.
import Corestore from 'corestore';
import DHT from 'hyperdht';
import createTestnet from 'hyperdht/testnet.js';
import Hyperdrive from 'hyperdrive';
import Hyperswarm from 'hyperswarm';
import Localdrive from 'localdrive';

const say = (word) => process.stdout.write(`${word}\n`);

/** A drive that is open and seeks its like. */
async function drive(host, bootstrap, storage, key = null) {
  const store = new Corestore(storage);
  const opened = new Hyperdrive(store, key);
  await opened.ready();
  const dht = new DHT({ host, bootstrap: [bootstrap], firewalled: false }); // every address here can be reached
  const swarm = new Hyperswarm({ dht });
  swarm.on('connection', (connection) => store.replicate(connection));
  return { opened, swarm };
}

const roles = {
  async introduce(host) {
    const { bootstrap } = await createTestnet(3, { host });
    say(`${host}:${bootstrap[0].port}`);
  },

  async own(host, bootstrap, storage, folder) {
    const { opened, swarm } = await drive(host, bootstrap, storage);
    await new Localdrive(folder).mirror(opened, { batch: true }).done();
    await swarm.join(opened.discoveryKey).flushed();
    say(opened.key.toString('hex'));
  },

  async get(host, bootstrap, storage, folder, key) {
    const { opened, swarm } = await drive(host, bootstrap, storage, Buffer.from(key, 'hex'));
    const found = opened.findingPeers();
    swarm.join(opened.discoveryKey);
    swarm.flush().then(found, found);
    await opened.update({ wait: true });
    await opened.download().done(); // blocks in any order: a mirror alone takes them from the first on, as all others do
    await opened.mirror(new Localdrive(folder)).done();
    say('done');
  },
};

const [role, ...words] = process.argv.slice(2);
await roles[role](...words);
