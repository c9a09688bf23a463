// What happens to one peer in Redis, and to the index of names, as scripts that run there at one stroke. Peers are dealt out
// to a few hash tags by their key, names by theirs. KEYS[1] is the common beginning of the keys of one tag. Under it:
//   due        sorted set: peer (32 bytes) by when it was last heard of
//   peer:PEER  hash: address, and a field `s` + swarm for each file that it is listed for
//   names      sorted set: name, 0, swarm; all with score 0, so that it is in order of names

const prelude = `
local base = KEYS[1]
local call = redis.call
local function hex(bytes) return (bytes:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function swarmsOf(peer)
  local swarms = {}
  for _, field in ipairs(call('HKEYS', base .. 'peer:' .. hex(peer))) do
    if field:sub(1, 1) == 's' then swarms[#swarms + 1] = field:sub(2) end
  end
  return swarms
end
`;

/** ARGV: peer, address, now or '', peers at most, files of one peer at most, swarms. Answers per swarm 1 or 0, and where it has moved from: swarms, or 'full'. */
const enter = `${prelude}
local peer, address = ARGV[1], ARGV[2]
local record = base .. 'peer:' .. hex(peer)
local before = call('HGET', record, 'address')
if not before and call('ZCARD', base .. 'due') >= tonumber(ARGV[4]) then return 'full' end
local moved = before and before ~= address and swarmsOf(peer) or {}
call('ZADD', base .. 'due', clock(ARGV[3]), peer)
call('HSET', record, 'address', address)
local listed = {}
for i = 6, #ARGV do
  local isNew = call('HEXISTS', record, 's' .. ARGV[i]) == 0
  local fits = not isNew or call('HLEN', record) - 1 < tonumber(ARGV[5])
  if isNew and fits then call('HSET', record, 's' .. ARGV[i], '') end
  listed[i - 5] = fits and 1 or 0
end
return { listed, moved }`;

/** ARGV: peer, address or '', now or ''. Answers false when it is unknown, otherwise the swarms to tell of its new address. */
const touch = `${prelude}
local peer, address = ARGV[1], ARGV[2]
local record = base .. 'peer:' .. hex(peer)
local before = call('HGET', record, 'address')
if not before then return false end
call('ZADD', base .. 'due', clock(ARGV[3]), peer)
if address == '' or address == before then return {} end
call('HSET', record, 'address', address)
return swarmsOf(peer)`;

/** ARGV: peer. Answers false when it is unknown, otherwise its swarms. */
const swarms = `${prelude}
return call('EXISTS', base .. 'peer:' .. hex(ARGV[1])) == 1 and swarmsOf(ARGV[1])`;

/** ARGV: peer, swarm. It is not listed for it any more. */
const drop = `${prelude}
return call('HDEL', base .. 'peer:' .. hex(ARGV[1]), 's' .. ARGV[2])`;

/** ARGV: time to live, now or '', peers at most. Answers the peers whose time is over. */
const due = `${prelude}
local late = clock(ARGV[2]) - tonumber(ARGV[1])
return call('ZRANGEBYSCORE', base .. 'due', '-inf', late, 'LIMIT', 0, ARGV[3])`;

/** ARGV: peer, and for one whose time is over time to live, now or ''. Answers whether it was there, and is not any more. */
const forget = `${prelude}
local heard = call('ZSCORE', base .. 'due', ARGV[1])
if not heard then return 0 end
if ARGV[2] and tonumber(heard) > clock(ARGV[3]) - tonumber(ARGV[2]) then return 0 end
call('ZREM', base .. 'due', ARGV[1])
call('DEL', base .. 'peer:' .. hex(ARGV[1]))
return 1`;

/** Answers how many peers, and how many names. */
const count = `${prelude}
return { call('ZCARD', base .. 'due'), call('ZCARD', base .. 'names') }`;

/** ARGV: 1 to add or 0 to remove, name, 0, swarm. */
const index = `${prelude}
if ARGV[1] == '1' then return call('ZADD', base .. 'names', 0, ARGV[2]) end
return call('ZREM', base .. 'names', ARGV[2])`;

/** ARGV: from, to. Answers the names in these places. */
const page = `${prelude}
return call('ZRANGE', base .. 'names', ARGV[1], ARGV[2])`;

/** ARGV: name, 0; so many at most. Answers those that begin so. */
const named = `${prelude}
return call('ZRANGEBYLEX', base .. 'names', '[' .. ARGV[1], '[' .. ARGV[1] .. '\\255', 'LIMIT', 0, ARGV[2])`;

export type PeerScript =
  | 'enter'
  | 'touch'
  | 'swarms'
  | 'drop'
  | 'due'
  | 'forget'
  | 'count'
  | 'index'
  | 'page'
  | 'named';

export const peerScripts: Readonly<Record<PeerScript, string>> = {
  enter,
  touch,
  swarms,
  drop,
  due,
  forget,
  count,
  index,
  page,
  named,
};
