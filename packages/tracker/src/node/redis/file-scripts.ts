// What happens to one file in Redis, as scripts that run there at one stroke. All keys of a file share its hash tag, so that
// in a cluster they are in one place. KEYS[1] is their common beginning. Under it:
//   file            hash: name, bytes, chunks, derived, and how many chunks stand on each list
//   members         hash: peer (32 bytes) -> address 18 | chunks held 4
//   some all none   sets of contacts (address 18 | peer 32), by what they hold: SRANDMEMBER chooses
//   bits:PEER       which chunks a peer holds, or claims, of a draft; not kept for who holds all of another file
// and of a draft:
//   voices-of       hash: peer -> voice
//   claims:PEER     hash: chunk -> hash
//   camps           hash: chunk -> hash 32 | voices 4, for each camp
//   voices          hash: chunk 4 | hash 32 | voice -> how many peers
//   claimers        hash: voice -> how many peers that claim something
//   agreed          bits: the chunk list
//   pin, pinned     the hashes that an operator knows, and the swarm that they make

import { campsMax } from '@shoal/wire';

/** Peers of one voice that may claim something of one draft. */
const claimersPerVoiceMax = 64;

const prelude = `
local base = KEYS[1]
local call = redis.call
local function hex(bytes) return (bytes:gsub('.', function(c) return string.format('%02x', c:byte()) end)) end
local function heldIn(record) return (struct.unpack('>I4', record, 19)) end
local function shareOf(held, chunks)
  if held == chunks then return 'all' end
  return held > 0 and 'some' or 'none'
end
local function chunksOf() return tonumber(call('HGET', base .. 'file', 'chunks')) end
local function put(peer, address, held, chunks, before)
  local share = shareOf(held, chunks)
  if before then
    local was = shareOf(heldIn(before), chunks)
    if was ~= share or before:sub(1, 18) ~= address then call('SREM', base .. was, before:sub(1, 18) .. peer) end
  end
  call('SADD', base .. share, address .. peer)
  call('HSET', base .. 'members', peer, address .. struct.pack('>I4', held))
end
local function listing(chunks)
  local file = call('HMGET', base .. 'file', 'name', 'bytes', 'derived')
  return { file[1], file[2], chunks, file[3] or '', call('SCARD', base .. 'some'), call('SCARD', base .. 'all'),
    call('SCARD', base .. 'none') }
end
`;

/** Where chunks stand by the claims, and what a claim more or less changes. */
const claiming = `
local quorum = tonumber(ARGV[1])
local isPinned = call('EXISTS', base .. 'pin') == 1
local counted = { checkList = 0, chunkList = 0, disputed = 0 }
local function standingOf(camps)
  if #camps == 0 then return nil end
  if #camps > 36 then return 'disputed' end
  return (isPinned or struct.unpack('>I4', camps, 33) >= quorum) and 'chunkList' or 'checkList'
end
local function campsOf(chunk) return call('HGET', base .. 'camps', chunk) or '' end
local function voices(camps, at, more)
  return camps:sub(1, at + 31) .. struct.pack('>I4', struct.unpack('>I4', camps, at + 32) + more) .. camps:sub(at + 36)
end
local function find(camps, hash)
  for at = 1, #camps, 36 do if camps:sub(at, at + 31) == hash then return at end end
end
local function joined(camps, chunk, hash, voice)
  local at = find(camps, hash)
  if isPinned and call('GETRANGE', base .. 'pin', chunk * 32, chunk * 32 + 31) ~= hash then return nil end
  if not at then
    if #camps >= 36 * ${campsMax} then return nil end
    at = #camps + 1
    camps = camps .. hash .. struct.pack('>I4', 0)
  end
  if call('HINCRBY', base .. 'voices', struct.pack('>I4', chunk) .. hash .. voice, 1) == 1 then
    camps = voices(camps, at, 1)
  end
  return camps
end
local function parted(camps, chunk, hash, voice)
  local field = struct.pack('>I4', chunk) .. hash .. voice
  if call('HINCRBY', base .. 'voices', field, -1) > 0 then return camps end
  call('HDEL', base .. 'voices', field)
  local at = find(camps, hash)
  camps = voices(camps, at, -1)
  if struct.unpack('>I4', camps, at + 32) > 0 then return camps end
  return camps:sub(1, at - 1) .. camps:sub(at + 36)
end
local function keep(chunk, before, camps)
  if #camps == 0 then call('HDEL', base .. 'camps', chunk) else call('HSET', base .. 'camps', chunk, camps) end
  local was, is = standingOf(before), standingOf(camps)
  if was == is then return end
  if was then counted[was] = counted[was] - 1 end
  if is then counted[is] = counted[is] + 1 end
  call('SETBIT', base .. 'agreed', chunk, is == 'chunkList' and 1 or 0)
end
local function withdraw(peer, claims, chunk, hash, voice)
  local camps = campsOf(chunk)
  keep(chunk, camps, parted(camps, chunk, hash, voice))
  call('HDEL', claims, chunk)
  call('SETBIT', base .. 'bits:' .. hex(peer), chunk, 0)
end
local function recount(peer, chunks)
  local record = call('HGET', base .. 'members', peer)
  local held = call('HLEN', base .. 'claims:' .. hex(peer))
  if record then put(peer, record:sub(1, 18), held, chunks, record) end
  for list, more in pairs(counted) do
    if more ~= 0 then call('HINCRBY', base .. 'file', list, more) end
    counted[list] = 0
  end
  local isComplete = tonumber(call('HGET', base .. 'file', 'chunkList') or 0) == chunks
  if not isComplete and not isPinned then call('HDEL', base .. 'file', 'derived') end
  return isComplete and call('HEXISTS', base .. 'file', 'derived') == 0
end
`;

/** ARGV: peer, address, name, bytes, chunks, voice or ''. Answers the name it is listed by, or false on a mismatch. */
const join = `${prelude}
local peer, address, chunks = ARGV[1], ARGV[2], tonumber(ARGV[5])
local record = call('HGET', base .. 'members', peer)
local file = call('HMGET', base .. 'file', 'bytes', 'chunks')
if not file[1] then
  call('HSET', base .. 'file', 'name', ARGV[3], 'bytes', ARGV[4], 'chunks', ARGV[5])
  local pinned = call('GET', base .. 'pinned')
  if pinned then call('HSET', base .. 'file', 'derived', pinned) end
elseif file[1] ~= ARGV[4] or tonumber(file[2]) ~= chunks then return false end
if not record then
  put(peer, address, 0, chunks)
  if ARGV[6] ~= '' then call('HSET', base .. 'voices-of', peer, ARGV[6]) end
end
return call('HGET', base .. 'file', 'name')`;

/** ARGV: peer, address, voice or ''. Answers 1, or 0 when its claims have to be withdrawn first: it speaks with another voice. */
const move = `${prelude}
local peer = ARGV[1]
local record = call('HGET', base .. 'members', peer)
if not record then return 1 end
if ARGV[3] ~= '' and call('HGET', base .. 'voices-of', peer) ~= ARGV[3] then
  if call('EXISTS', base .. 'claims:' .. hex(peer)) == 1 then return 0 end
  call('HSET', base .. 'voices-of', peer, ARGV[3])
end
put(peer, ARGV[2], heldIn(record), chunksOf(), record)
return 1`;

/** ARGV: peer, 'bits' or 'chunks' or 'draft', the bits or the indices (4 bytes each). Answers 'ok' or a refusal. */
const hold = `${prelude}
local peer, kind, set = ARGV[1], ARGV[2], ARGV[3]
local record = call('HGET', base .. 'members', peer)
if not record then return 'unknownFile' end
if kind == 'draft' then return 'claimNeeded' end
local chunks = chunksOf()
local bits = base .. 'bits:' .. hex(peer)
if kind == 'bits' then
  local spare = #set * 8 - chunks
  if #set ~= math.ceil(chunks / 8) or (spare > 0 and set:byte(-1) % 2 ^ spare ~= 0) then return 'badChunk' end
else
  for at = 1, #set, 4 do if struct.unpack('>I4', set, at) >= chunks then return 'badChunk' end end
end
local held = heldIn(record)
if held == chunks then return 'ok' end
if kind == 'bits' then
  call('SET', base .. 'more', set)
  call('BITOP', 'OR', bits, bits, base .. 'more')
  call('DEL', base .. 'more')
  held = call('BITCOUNT', bits)
else
  for at = 1, #set, 4 do held = held + 1 - call('SETBIT', bits, struct.unpack('>I4', set, at), 1) end
end
if held == chunks then call('DEL', bits) end
put(peer, record:sub(1, 18), held, chunks, record)
return 'ok'`;

/**
 * ARGV: peer, chunks it holds, contacts at most. Answers how far it is known and, of those who hold some, all and none,
 * how many to take, with one more drawn where the asker is among them.
 */
const news = `${prelude}
local chunks = chunksOf()
if not chunks then return { 'no' } end
local most = tonumber(ARGV[3])
local record = call('HGET', base .. 'members', ARGV[1])
local known = not record and 'no' or heldIn(record) < tonumber(ARGV[2]) and 'behind' or 'yes'
if most == 0 then return { known } end
local mine = record and shareOf(heldIn(record), chunks)
local others = {}
for _, share in ipairs({ 'some', 'all', 'none' }) do
  others[share] = call('SCARD', base .. share) - (mine == share and 1 or 0)
end
local leechers = math.min(others.some + others.none, most)
local all = mine == 'all' and 0 or math.min(others.all, math.max(math.ceil(most / 2), most - leechers))
local places = most - all
local none = math.min(others.none, math.max(math.ceil(places / 4), places - others.some))
local some = math.min(others.some, places - none)
local function draw(share, count)
  return count == 0 and {} or call('SRANDMEMBER', base .. share, count + (mine == share and 1 or 0))
end
return { known, some, draw('some', some), all, draw('all', all), none, draw('none', none) }`;

/** Answers name, bytes, chunks, derived or '', and how many hold some, all, none. */
const list = `${prelude}
local chunks = chunksOf()
return chunks and listing(chunks)`;

/** ARGV: holders at most, bytes of bits at most, 1 for a draft. Answers listing, contacts who hold all, who hold some, their bits, the chunk list. */
const locate = `${prelude}
local chunks = chunksOf()
if not chunks then return false end
local most, isDraft = tonumber(ARGV[1]), ARGV[3] == '1'
local some, all = call('SCARD', base .. 'some'), call('SCARD', base .. 'all')
local rows = math.min(most, math.floor(tonumber(ARGV[2]) / math.max(1, math.ceil(chunks / 8))))
local full, partial = {}, {}
local function draw(share, count) return count > 0 and call('SRANDMEMBER', base .. share, count) or {} end
if isDraft then
  local taken = math.min(rows, some + all)
  local seeders = some + all == 0 and 0 or math.ceil(taken * all / (some + all))
  partial = draw('all', seeders)
  for _, contact in ipairs(draw('some', taken - seeders)) do partial[#partial + 1] = contact end
else
  full = draw('all', math.max(most / 2, most - math.min(some, rows)))
  partial = draw('some', math.min(rows, most - #full))
end
local keys = {}
for i, contact in ipairs(partial) do keys[i] = base .. 'bits:' .. hex(contact:sub(19)) end
return { listing(chunks), full, partial, #keys > 0 and call('MGET', unpack(keys)) or {},
  isDraft and call('GET', base .. 'agreed') or '' }`;

/** ARGV: peer. Answers 0 when it was not there, otherwise 1, or the name of the file that it was the last of. Claims are to be withdrawn before. */
const part = `${prelude}
local peer = ARGV[1]
local record = call('HGET', base .. 'members', peer)
if not record then return 0 end
call('SREM', base .. shareOf(heldIn(record), chunksOf()), record:sub(1, 18) .. peer)
call('HDEL', base .. 'members', peer)
call('HDEL', base .. 'voices-of', peer)
call('DEL', base .. 'bits:' .. hex(peer))
if call('HLEN', base .. 'members') > 0 then return 1 end
local name = call('HGET', base .. 'file', 'name')
call('DEL', base .. 'file', base .. 'camps', base .. 'voices', base .. 'claimers', base .. 'agreed')
return name`;

/** ARGV: quorum, peer, claims. Answers a refusal, or whether the draft is complete now, and where each chunk stands. */
const claim = `${prelude}${claiming}
local peer, packed = ARGV[2], ARGV[3]
local chunks = chunksOf()
if not chunks or call('HEXISTS', base .. 'members', peer) == 0 then return 'unknownFile' end
for at = 1, #packed, 36 do if struct.unpack('>I4', packed, at) >= chunks then return 'badChunk' end end
local voice = call('HGET', base .. 'voices-of', peer)
local claims = base .. 'claims:' .. hex(peer)
local isNew = call('EXISTS', claims) == 0
if isNew and tonumber(call('HGET', base .. 'claimers', voice) or 0) >= ${claimersPerVoiceMax} then return 'quotaExceeded' end
local standings = {}
for at = 1, #packed, 36 do
  local chunk, hash = struct.unpack('>I4', packed, at), packed:sub(at + 4, at + 35)
  local before = call('HGET', claims, chunk)
  local isKept = before == hash
  if before and not isKept then withdraw(peer, claims, chunk, before, voice) end
  if not isKept then
    local camps = campsOf(chunk)
    local more = joined(camps, chunk, hash, voice)
    if more then
      isKept = true
      keep(chunk, camps, more)
      call('HSET', claims, chunk, hash)
      call('SETBIT', base .. 'bits:' .. hex(peer), chunk, 1)
    end
  end
  standings[#standings + 1] = isKept and standingOf(campsOf(chunk)) or 'disputed'
end
local isClaimer = call('EXISTS', claims) == 1
if isNew and isClaimer then call('HINCRBY', base .. 'claimers', voice, 1) end
if not isNew and not isClaimer then call('HINCRBY', base .. 'claimers', voice, -1) end
return { recount(peer, chunks) and 1 or 0, standings }`;

/** ARGV: quorum, peer, claims at most. Answers how many are left: strangers' claims may be many, so they go bit by bit. */
const withdraw = `${prelude}${claiming}
local peer = ARGV[2]
local claims = base .. 'claims:' .. hex(peer)
local total = call('HLEN', claims)
if total == 0 then return 0 end
local voice = call('HGET', base .. 'voices-of', peer)
local chosen = call('HRANDFIELD', claims, tonumber(ARGV[3]), 'WITHVALUES')
for i = 1, #chosen, 2 do withdraw(peer, claims, tonumber(chosen[i]), chosen[i + 1], voice) end
recount(peer, chunksOf())
local left = total - #chosen / 2
if left == 0 then call('HINCRBY', base .. 'claimers', voice, -1) end
return left`;

/** ARGV: quorum, from, list or '', chunks at most, chunks looked at at most. Answers listing, counts, chunks with camps, where to go on or -1. */
const look = `${prelude}${claiming}
local chunks = chunksOf()
if not chunks then return false end
local from, only, most = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local stop = math.min(chunks, from + tonumber(ARGV[5]))
local found = {}
while from < stop and #found < most do
  local camps = campsOf(from)
  local standing = standingOf(camps)
  if standing and (only == '' or only == standing) then found[#found + 1] = { from, standing, camps } end
  from = from + 1
end
return { listing(chunks), call('HMGET', base .. 'file', 'checkList', 'chunkList', 'disputed'), found,
  from < chunks and from or -1 }`;

/** ARGV: quorum, chunks (4 bytes each). Answers of each the agreed hash, or ''. */
const agreed = `${prelude}${claiming}
local hashes = {}
for at = 1, #ARGV[2], 4 do
  local camps = campsOf(struct.unpack('>I4', ARGV[2], at))
  hashes[#hashes + 1] = standingOf(camps) == 'chunkList' and camps:sub(1, 32) or ''
end
return hashes`;

/** Answers the name that stands, or '', and all hashes in order when every chunk is agreed upon but there is no name yet. */
const hashes = `${prelude}
local chunks = chunksOf()
local derived = call('HGET', base .. 'file', 'derived') or ''
if not chunks or derived ~= '' or tonumber(call('HGET', base .. 'file', 'chunkList') or 0) < chunks then
  return { derived, '' }
end
local all = {}
for chunk = 1, chunks do all[chunk] = call('HGET', base .. 'camps', chunk - 1):sub(1, 32) end
return { '', table.concat(all) }`;

/** ARGV: quorum, the swarm that its hashes make, which the caller found. Answers the name that stands now, or ''. */
const derive = `${prelude}${claiming}
local chunks = chunksOf()
if not chunks then return '' end
if ARGV[2] ~= '' and tonumber(call('HGET', base .. 'file', 'chunkList') or 0) == chunks then
  call('HSET', base .. 'file', 'derived', ARGV[2])
end
return call('HGET', base .. 'file', 'derived') or ''`;

/** ARGV: quorum, derived, hashes. What was claimed otherwise goes. */
const pin = `${prelude}${claiming}
local chunks = chunksOf()
local before = isPinned
local peers = chunks and call('HKEYS', base .. 'voices-of') or {}
for _, peer in ipairs(peers) do
  local claims = base .. 'claims:' .. hex(peer)
  local voice = call('HGET', base .. 'voices-of', peer)
  local all = call('HGETALL', claims)
  for i = 1, #all, 2 do
    local at = tonumber(all[i]) * 32
    if ARGV[3]:sub(at + 1, at + 32) ~= all[i + 1] then withdraw(peer, claims, tonumber(all[i]), all[i + 1], voice) end
  end
  recount(peer, chunks)
  if #all > 0 and call('EXISTS', claims) == 0 then call('HINCRBY', base .. 'claimers', voice, -1) end
end
call('SET', base .. 'pin', ARGV[3])
call('SET', base .. 'pinned', ARGV[2])
if not chunks then return 1 end
if not before then
  local all = call('HGETALL', base .. 'camps')
  for i = 1, #all, 2 do
    isPinned = false
    local was = standingOf(all[i + 1])
    isPinned = true
    if was == 'checkList' then
      call('HINCRBY', base .. 'file', 'checkList', -1)
      call('HINCRBY', base .. 'file', 'chunkList', 1)
      call('SETBIT', base .. 'agreed', tonumber(all[i]), 1)
    end
  end
end
call('HSET', base .. 'file', 'derived', ARGV[2])
return 1`;

export type FileScript =
  | 'join'
  | 'move'
  | 'hold'
  | 'news'
  | 'list'
  | 'locate'
  | 'part'
  | 'claim'
  | 'withdraw'
  | 'look'
  | 'agreed'
  | 'hashes'
  | 'derive'
  | 'pin';

export const fileScripts: Readonly<Record<FileScript, string>> = {
  join,
  move,
  hold,
  news,
  list,
  locate,
  part,
  claim,
  withdraw,
  look,
  agreed,
  hashes,
  derive,
  pin,
};
