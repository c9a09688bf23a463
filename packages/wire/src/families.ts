// Which messages belong together: what a receiver accepts in one place of the protocol.

import type { Message, PeerMessage, PeerReply, PeerRequest, TrackerReply, TrackerRequest } from './messages.ts';

/** One-way messages on a link between peers. */
export const isPeerMessage: (message: Message) => message is PeerMessage = familyOf<PeerMessage>({
  hello: true,
  join: true,
  part: true,
  have: true,
  lost: true,
  interest: true,
  unchoke: true,
  peers: true,
});

/** Requests of a peer to a peer. */
export const isPeerRequest: (message: Message) => message is PeerRequest = familyOf<PeerRequest>({
  chunkRequest: true,
  manifestRequest: true,
  codeRequest: true,
  proofRequest: true,
});

export const isPeerReply: (message: Message) => message is PeerReply = familyOf<PeerReply>({
  chunkReply: true,
  manifestReply: true,
  codeReply: true,
  proofReply: true,
});

/** Requests to a tracker. */
export const isTrackerRequest: (message: Message) => message is TrackerRequest = familyOf<TrackerRequest>({
  register: true,
  fileList: true,
  fileLocations: true,
  chunkRegister: true,
  claim: true,
  claimList: true,
  announce: true,
  leave: true,
});

export const isTrackerReply: (message: Message) => message is TrackerReply = familyOf<TrackerReply>({
  registerReply: true,
  fileListReply: true,
  fileLocationsReply: true,
  chunkRegisterReply: true,
  claimReply: true,
  claimListReply: true,
  announceReply: true,
  leaveReply: true,
});

/** The table names every type of the family, so that a new one does not compile until it is added. */
function familyOf<Family extends Message>(types: { readonly [Type in Family['type']]: true }) {
  return (message: Message): message is Family => Object.hasOwn(types, message.type);
}
