import { IDEMPOTENCY_AGE } from "@tidings/log";

/** The overhead of an entry that `bytes` counts beside its text, in bytes (`trials/retention-cost.test.ts`). */
const ENTRY_BYTES = 280;

/** How many epochs the log remembers. A position of an older one is answered with a `reset`. */
const MAX_EPOCHS = 100;

/** How many ids one command of a script gets: a call in Lua has room for some thousand arguments. */
const CHUNK = 1_000;

/**
 * What every script begins with: the keys of the log, its numbers and its epochs.
 *
 * All keys of a log begin with the same hash tag. Beside those of the whole log, there is one sorted set for each
 * channel and kind of entry. Redis orders texts as bytes, so every `seq` is the score of its own text.
 *
 * After the server has deleted keys to make room, the log begins again with other keys: their names have the generation
 * that `meta` names.
 *
 * - meta: the numbers of the log. epochs: the epochs, oldest first, each with its first `seq`
 * - entries: the texts of the entries by `seq`. all: the `seq` of all entries
 * - r:, v:, w:, h: and a channel: the `seq` of its reliable entries, values, withdrawals and hints (volatile entries)
 * - newest: the newest value or withdrawal of each key
 * - channels: the channels that have other entries than hints
 * - trimmed: where the hole of a channel ends. empty: the same, of channels without entries
 * - due: when retention has to look at a channel again; 0 is at once
 * - since, until: the lifetimes of hints and of values that expire
 * - ended: the `seq` of the ends of channels
 * - once: the `seq` of each idempotency key. forget: when the key of an entry that is gone may be forgotten
 */
export const PREAMBLE = String.raw`
local call = redis.call
local META = KEYS[1]
local ROOT = string.match(META, '^(.*)meta$')
local PREFIX, EPOCHS, ENTRIES, ALL, NEWEST, CHANNELS, TRIMMED, EMPTY, DUE, SINCE, UNTIL, ONCE, FORGET, ENDED

local function name_keys(generation)
  PREFIX = ROOT .. generation
  EPOCHS, ENTRIES, ALL = PREFIX .. 'epochs', PREFIX .. 'entries', PREFIX .. 'all'
  NEWEST, CHANNELS = PREFIX .. 'newest', PREFIX .. 'channels'
  TRIMMED, EMPTY, DUE = PREFIX .. 'trimmed', PREFIX .. 'empty', PREFIX .. 'due'
  SINCE, UNTIL = PREFIX .. 'since', PREFIX .. 'until'
  ONCE, FORGET, ENDED = PREFIX .. 'once', PREFIX .. 'forget', PREFIX .. 'ended'
end

local function key_of(kind, channel) return PREFIX .. kind .. ':' .. channel end

-- Lua itself writes a number with 14 digits.
local function digits(number) return string.format('%.0f', number) end

local function number_of(field) return tonumber(call('HGET', META, field) or '0') end

-- Milliseconds since 1970, by the clock of the server if none is given.
local function time_of(given)
  if given ~= '' then return tonumber(given) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Names this process of the server as long as it goes on from its own data. It is read inside of the script: what a
-- client has read before may be of another server.
local function server()
  local run = string.match(call('INFO', 'server'), 'run_id:(%x+)')
  local history = string.match(call('INFO', 'replication'), 'master_replid:(%x+)')
  return (run or '') .. ' ' .. (history or '')
end

-- How many keys this process of the server has deleted to make room.
local evicted = string.match(call('INFO', 'stats'), 'evicted_keys:(%d+)') or ''

-- Whether the server may delete keys of the log to make room. They have no expiry.
local function may_evict()
  return string.find(call('INFO', 'memory'), 'maxmemory_policy:allkeys', 1, true) ~= nil
end

-- Leaves the keys of the log behind: some of them are gone, and nobody knows which. The others have other names than
-- the new ones, and the server deletes them, too. Only the rules stay.
local function begin_again()
  local rules, list = unpack(call('HMGET', META, 'rules', 'list'))
  call('UNLINK', META, EPOCHS, ENTRIES, ALL, NEWEST, CHANNELS, TRIMMED, EMPTY, DUE, SINCE, UNTIL, ONCE, FORGET, ENDED)
  local time = call('TIME')
  local name = time[1] .. '.' .. time[2] .. ':'
  call('HSET', META, 'generation', name, 'evicted', evicted)
  if rules then call('HSET', META, 'rules', rules, 'list', list) end
  name_keys(name)
end

local generation, known_evicted = unpack(call('HMGET', META, 'generation', 'evicted'))
name_keys(generation or '')
local has_evicted = (known_evicted or '0') ~= evicted
if has_evicted and may_evict() then begin_again() end

local function begin_epoch(name)
  call('RPUSH', EPOCHS, name .. ' ' .. digits(number_of('seq') + 1))
  call('LTRIM', EPOCHS, -${MAX_EPOCHS}, -1)
  call('HSET', META, 'epoch', name, 'owner', server())
  return name
end

-- The running epoch. An empty log begins one, and so does the first write on another server, or in another process of
-- the server. That does not tell what it had deleted before, and an empty log may have keys that it has left.
local function running_epoch(candidate, writes)
  -- It was nothing of the log, or the log has begun again.
  if writes and has_evicted then call('HSET', META, 'evicted', evicted) end
  local epoch, owner = unpack(call('HMGET', META, 'epoch', 'owner'))
  if epoch and not (writes and owner ~= server()) then return epoch end
  if may_evict() then begin_again() end
  return begin_epoch(candidate)
end

local function epochs()
  local list = {}
  for i, text in ipairs(call('LRANGE', EPOCHS, 0, -1)) do
    local name, first = string.match(text, '^(%S+) (%d+)$')
    list[i] = { name = name, first = tonumber(first) }
  end
  return list
end

-- The id of a position, with the epoch that it belongs to.
local function id_of(seq)
  local list = epochs()
  local name = list[1].name
  for _, epoch in ipairs(list) do
    if epoch.first <= seq then name = epoch.name end
  end
  return name .. '.' .. digits(seq)
end

-- The parts of an entry's text. An exclamation mark says that it has an idempotency key. The header is JSON, which has
-- no line break.
local function parse(text)
  local kind, at, life, header, from = string.match(text, '^(%a)[ !](%d+) (%d*)\n([^\n]*)\n()')
  return { kind = kind, at = tonumber(at), life = tonumber(life), header = header, size = #text - from + 1 }
end

-- Calls "work" with some ids after the other.
local function in_chunks(ids, work)
  for from = 1, #ids, ${CHUNK} do
    work({ unpack(ids, from, math.min(from + ${CHUNK - 1}, #ids)) })
  end
end

-- Whether an entry is younger than its lifetime. This is a distance: it holds after the clock went back, too.
local function is_young(entry, now)
  return entry.life == nil or math.abs(now - entry.at) < entry.life
end
`;

/** What the scripts share that add and drop entries. They define `now` before. */
export const KEEPING = String.raw`
-- What this script has added to the numbers of the log.
local tally = { bytes = 0, others = 0 }

local function weigh(kind, text, sign)
  local field = (kind == 'r' or kind == 'w') and 'bytes' or 'others'
  tally[field] = tally[field] + sign * (#text + ${ENTRY_BYTES})
end

local function write_tally()
  for field, change in pairs(tally) do
    if change ~= 0 then call('HINCRBY', META, field, change) end
    tally[field] = 0
  end
end

-- The lengths keep the parts apart, whatever characters they have.
local function name_of_value(channel, type, key)
  return #channel .. ' ' .. channel .. #type .. ' ' .. type .. key
end
local function name_of_once(channel, once) return #channel .. ' ' .. channel .. once end

-- A channel gets its first entry. What was forgotten of it stays forgotten.
local function use(channel)
  call('ZREM', EMPTY, channel)
  local forgotten = number_of('forgotten')
  if forgotten > 0 then call('ZADD', TRIMMED, 'NX', forgotten, channel) end
end

-- To be called when something of a channel is gone.
local function leave_if_empty(channel)
  if call('EXISTS', key_of('r', channel), key_of('v', channel), key_of('w', channel)) > 0 then return end
  call('SREM', CHANNELS, channel)
  local mark = call('ZSCORE', TRIMMED, channel)
  if mark then call('ZADD', EMPTY, mark, channel) end
end

local function move_mark(channel, seq)
  call('ZADD', TRIMMED, 'GT', seq, channel)
  if seq > number_of('trimmed') then call('HSET', META, 'trimmed', digits(seq)) end
end

-- A key is remembered for ten minutes at least.
local function forget_once(channel, once, at)
  local name = name_of_once(channel, once)
  if now - at >= ${IDEMPOTENCY_AGE} then call('HDEL', ONCE, name)
  else call('ZADD', FORGET, at + ${IDEMPOTENCY_AGE}, name) end
end

-- Whether a withdrawal is still the newest of its key. Then it leaves it without one.
local function drop_newest(header, id)
  local name = name_of_value(header[1], header[2], header[3])
  if string.sub(call('HGET', NEWEST, name) or '', 2) ~= id then return false end
  call('HDEL', NEWEST, name)
  return true
end

-- Whether the loss of an entry is a hole: that of a reliable entry, and that of a withdrawal that no newer value has
-- replaced. A reader that has the former value would keep it for ever.
local function let_go(kind, channel, id, text)
  -- Most entries have nothing else that knows of them.
  if kind == 'r' and string.sub(text, 2, 2) == ' ' then return true end
  local entry = parse(text)
  local header = cjson.decode(entry.header)
  if entry.life then
    call('ZREM', SINCE, id)
    call('ZREM', UNTIL, id)
  end
  if header[4] then forget_once(channel, header[4], entry.at) end
  if kind == 'v' or kind == 'w' then return drop_newest(header, id) and kind == 'w' end
  return kind == 'r'
end

local forget_channel

-- Drops entries of one kind and channel. Nothing of a channel outlives its end.
local function drop(kind, channel, all_ids)
  local ending = kind == 'r' and call('HGET', ENDED, channel)
  in_chunks(all_ids, function(ids)
    local lost = 0
    for i, text in ipairs(call('HMGET', ENTRIES, unpack(ids))) do
      weigh(kind, text, -1)
      if let_go(kind, channel, ids[i], text) then lost = math.max(lost, tonumber(ids[i])) end
    end
    call('HDEL', ENTRIES, unpack(ids))
    call('ZREM', ALL, unpack(ids))
    call('ZREM', key_of(kind, channel), unpack(ids))
    if lost > 0 then move_mark(channel, lost) end
  end)
  if kind ~= 'h' then leave_if_empty(channel) end
  -- The end is the last one.
  if ending and all_ids[#all_ids] == ending then forget_channel(channel) end
end

-- Forgets a channel that has ended. The largest mark of all forgotten ones stands for it.
function forget_channel(channel)
  call('HDEL', ENDED, channel)
  for kind in string.gmatch('rvwh', '%a') do
    local ids = call('ZRANGE', key_of(kind, channel), 0, -1)
    if #ids > 0 then drop(kind, channel, ids) end
  end
  local mark = tonumber(call('ZSCORE', TRIMMED, channel))
  if mark > number_of('forgotten') then call('HSET', META, 'forgotten', digits(mark)) end
  for _, set in ipairs({ TRIMMED, EMPTY, DUE }) do call('ZREM', set, channel) end
end

-- Adds an entry: the newest of all.
local function place(entry, seq)
  local id = digits(seq)
  local channel, kind, life = entry.channel, entry.kind, entry.life
  local head = kind .. (entry.once and '!' or ' ') .. digits(now) .. ' ' .. (life and digits(life) or '')
  local text = head .. '\n' .. entry.header .. '\n' .. entry.data
  call('HSET', ENTRIES, id, text)
  call('ZADD', ALL, seq, id)
  call('ZADD', key_of(kind, channel), seq, id)
  weigh(kind, text, 1)
  if life then
    call('ZADD', SINCE, now - life, id)
    call('ZADD', UNTIL, now + life, id)
  end
  if kind ~= 'h' and call('SADD', CHANNELS, channel) == 1 then use(channel) end
  if kind == 'r' or kind == 'w' then call('ZADD', DUE, 0, channel) end
  if kind == 'v' or kind == 'w' then
    local name = name_of_value(channel, entry.type, entry.key)
    local former = call('HGET', NEWEST, name)
    call('HSET', NEWEST, name, kind .. id)
    if former then drop(string.sub(former, 1, 1), channel, { string.sub(former, 2) }) end
  end
  if entry.ends then call('HSET', ENDED, channel, id) end
  if entry.once then call('HSET', ONCE, name_of_once(channel, entry.once), id) end
end

-- An error of the doorbell must not fail what is stored already: readers poll, too.
local function ring() redis.pcall('PUBLISH', ROOT .. 'bell', '') end
`;
