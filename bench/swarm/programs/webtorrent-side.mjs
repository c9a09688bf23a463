// One WebTorrent client, which says `done` when it has all of the torrent, and serves it until it is killed.
// WebRTC is for browsers; its native code, which many machines do not install, is left out.
import { registerHooks } from 'node:module';

const none =
  'export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined;';
registerHooks({
  resolve: (name, context, next) =>
    name === 'webrtc-polyfill'
      ? { url: `data:text/javascript,${encodeURIComponent(none)}`, shortCircuit: true }
      : next(name, context),
});
const [torrent, path, tracker] = process.argv.slice(2);
const { default: WebTorrent } = await import('webtorrent');
const client = new WebTorrent({ dht: false, lsd: false, utp: false, natUpnp: false, natPmp: false });
client.on('error', (error) => {
  throw error;
});
const say = () => process.stdout.write('done\n');
client.add(torrent, { path, announce: [tracker] }, (added) => {
  if (added.done) say();
  else added.on('done', say);
});
