import { PREAMBLE, KEEPING } from "./preamble.ts";
import { defineFreeingScript } from "./script.ts";

/**
 * One step of retention. Arguments: the rules if none are stored, as a list of JSON; the time; the name of an epoch;
 * how much it may do, since the server does nothing else meanwhile; and the bounds of bytes and of empty channels.
 * Returns whether there may be more to do.
 */
export const TRIM = defineFreeingScript(String.raw`
${PREAMBLE}
local now = time_of(ARGV[2])
${KEEPING}
local rules = call('HGET', META, 'list') or ARGV[1]
local rule_list = cjson.decode(rules)
local remaining, max_bytes, max_empty = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
running_epoch(ARGV[3], true)

-- What is kept of a channel. The last rule fits every channel.
local function keep_of(channel)
  for _, rule in ipairs(rule_list) do
    if string.find(channel, rule.fits) then return rule end
  end
end

-- Replaces an expired value by its withdrawal, which readers receive.
local function withdraw(channel, header)
  local seq = number_of('seq') + 1
  call('HSET', META, 'seq', digits(seq))
  local entry = { channel = channel, type = header[2], key = header[3], kind = 'w', data = '' }
  entry.header = cjson.encode({ header[1], header[2], header[3] })
  place(entry, seq)
end

-- Drops hints that nobody is owed any more, and withdraws values that have expired. After its end, nothing of a channel
-- is withdrawn.
local function end_lifetimes()
  local has_withdrawn = false
  local function end_some(ids)
    for _, id in ipairs(ids) do
      local entry = parse(call('HGET', ENTRIES, id))
      local header = cjson.decode(entry.header)
      if entry.kind == 'h' or call('HEXISTS', ENDED, header[1]) == 1 then drop(entry.kind, header[1], { id })
      else
        withdraw(header[1], header)
        has_withdrawn = true
      end
      remaining = remaining - 1
    end
  end
  end_some(call('ZRANGEBYSCORE', UNTIL, '-inf', now, 'LIMIT', 0, remaining))
  -- With a time in the future, after the clock went back.
  if remaining > 0 then end_some(call('ZRANGEBYSCORE', SINCE, now, '+inf', 'LIMIT', 0, remaining)) end
  return has_withdrawn
end

-- The oldest ids of a set whose entries are too old, at most 100. When the clock goes back, an entry with a time in the
-- future stays until the clock has caught up.
local function aged_in(key, keep)
  local ids = call('ZRANGE', key, 0, math.min(remaining, 100) - 1)
  local aged = {}
  for i, text in ipairs(#ids > 0 and call('HMGET', ENTRIES, unpack(ids)) or {}) do
    if now - parse(text).at < keep.age then break end
    aged[i] = ids[i]
  end
  return aged
end

-- Drops what a channel has too much of one kind. Returns when its oldest one will be too old; nil if there is none.
local function settle_kind(kind, channel, keep)
  local key = key_of(kind, channel)
  local excess = math.min(call('ZCARD', key) - keep.entries, remaining)
  if excess > 0 then
    drop(kind, channel, call('ZRANGE', key, 0, excess - 1))
    remaining = remaining - excess
  end
  while remaining > 0 do
    local aged = aged_in(key, keep)
    if #aged == 0 then break end
    drop(kind, channel, aged)
    remaining = remaining - #aged
  end
  local oldest = call('ZRANGE', key, 0, 0)[1]
  return oldest and parse(call('HGET', ENTRIES, oldest)).at + keep.age
end

local function settle(channel)
  remaining = remaining - 1
  local keep = keep_of(channel)
  local reliable, withdrawal = settle_kind('r', channel, keep), settle_kind('w', channel, keep)
  -- Not finished: the channel is due at once.
  if remaining <= 0 then return end
  local due = math.min(reliable or math.huge, withdrawal or math.huge)
  if due == math.huge then call('ZREM', DUE, channel) else call('ZADD', DUE, due, channel) end
end

local function settle_channels()
  -- With other rules than the last time, every channel has to be looked at, once.
  if call('HGET', META, 'kept') ~= rules then
    call('ZUNIONSTORE', DUE, 1, DUE, 'WEIGHTS', 0)
    call('HSET', META, 'kept', rules)
  end
  for _, channel in ipairs(call('ZRANGEBYSCORE', DUE, '-inf', now, 'LIMIT', 0, math.max(remaining, 0))) do
    if remaining <= 0 then return end
    settle(channel)
  end
end

-- Drops the oldest entries while the log is too large. No reliable entry and no withdrawal up to "dropped" is left.
local function drop_oldest()
  local dropped = number_of('dropped')
  local total = number_of('bytes')
  local ids = {}
  while remaining > 0 and total + tally.bytes > max_bytes do
    if #ids == 0 then ids = call('ZRANGEBYSCORE', ALL, '(' .. digits(dropped), '+inf', 'LIMIT', 0, 100) end
    local id = table.remove(ids, 1)
    if not id then break end
    local entry = parse(call('HGET', ENTRIES, id))
    if entry.kind == 'r' or entry.kind == 'w' then drop(entry.kind, cjson.decode(entry.header)[1], { id }) end
    dropped = tonumber(id)
    remaining = remaining - 1
  end
  call('HSET', META, 'dropped', digits(dropped))
end

local function forget_keys()
  if remaining <= 0 then return end
  local names = call('ZRANGEBYSCORE', FORGET, '-inf', now, 'LIMIT', 0, remaining)
  in_chunks(names, function(some)
    call('HDEL', ONCE, unpack(some))
    call('ZREM', FORGET, unpack(some))
  end)
  remaining = remaining - #names
end

-- Forgets channels without entries, those with the smallest marks first, and keeps one mark for all of them.
local function forget_channels()
  local excess = math.min(call('ZCARD', EMPTY) - max_empty, remaining)
  if excess <= 0 then return end
  local gone = call('ZPOPMIN', EMPTY, excess)
  for i = 1, #gone, 2 do call('ZREM', TRIMMED, gone[i]) end
  call('HSET', META, 'forgotten', digits(math.max(number_of('forgotten'), tonumber(gone[#gone]))))
  remaining = remaining - excess
end

local has_withdrawn = end_lifetimes()
settle_channels()
drop_oldest()
forget_keys()
forget_channels()
write_tally()
if has_withdrawn then ring() end
return remaining <= 0 and 1 or 0
`);

/** Stores rules. Arguments: their text, and the list of them that {@link TRIM} reads, as JSON. */
export const SET_RULES = defineFreeingScript(String.raw`
${PREAMBLE}
call('HSET', META, 'rules', ARGV[1], 'list', ARGV[2])
`);
