// Lets WebTorrent run without WebRTC, which is for browsers: many machines do not install its native code.
import { registerHooks } from 'node:module';

const none =
  'export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined;';
registerHooks({
  resolve: (name, context, next) =>
    name === 'webrtc-polyfill'
      ? { url: `data:text/javascript,${encodeURIComponent(none)}`, shortCircuit: true }
      : next(name, context),
});
