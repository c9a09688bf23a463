// One WebTorrent client, which says `done` when it has all of the torrent, and serves it until it is killed.
import WebTorrent from 'webtorrent';

const [torrent, path] = process.argv.slice(2);
const client = new WebTorrent({ dht: false, lsd: false, utp: false, natUpnp: false, natPmp: false });
client.on('error', (error) => {
  throw error;
});
const say = () => process.stdout.write('done\n');
client.add(torrent, { path }, (added) => {
  if (added.done) say();
  else added.on('done', say);
});
