import { FORGOTTEN_CHANNELS } from "@tidings/log";
import { PREAMBLE } from "./preamble.ts";
import { defineScript } from "./script.ts";

/**
 * How the answers of all reads begin: the running epoch, the head, why the position is invalid (empty if it is valid),
 * and channels. These are the holes, each with its `seq`; or of an invalid position, all channels of the log if none
 * were named.
 */
const POSITION = String.raw`
local epoch = running_epoch(ARGV[1], false)
local head = number_of('seq')
local after = { epoch = ARGV[2], seq = tonumber(ARGV[3]) }
local channels = ARGV[4] ~= '' and cjson.decode(ARGV[4]) or nil

local function invalid_reason()
  if after.epoch == '' then return '' end
  local last = after.epoch == epoch and head or nil
  local list = last and {} or epochs()
  for i = 1, #list - 1 do
    if list[i].name == after.epoch then last = list[i + 1].first - 1 end
  end
  if not last then return 'reset' end
  return after.seq > last and 'lost' or ''
end

local function every_channel()
  local list = call('SMEMBERS', CHANNELS)
  for _, channel in ipairs(call('ZRANGE', EMPTY, 0, -1)) do table.insert(list, channel) end
  return list
end

local reason = invalid_reason()
if reason ~= '' then return { epoch, head, reason, channels and {} or every_channel(), 0, 0, {} } end

local answer = {}
-- Adds an entry to the answer.
local function add(id, text)
  table.insert(answer, tonumber(id))
  table.insert(answer, text)
end
`;

/** Merges sets. It reads of each only about what it needs: a reader may name hundreds of channels. */
const MERGING = String.raw`
-- Restores the order of a heap below one of its runs. The run with the smallest rank is the first.
local function sink(heap, from)
  local at = from
  while true do
    local least = at
    for child = 2 * at, 2 * at + 1 do
      if heap[child] and heap[child].rank < heap[least].rank then least = child end
    end
    if least == at then return end
    heap[at], heap[least] = heap[least], heap[at]
    at = least
  end
end

-- The first ids of several sets together, as many as "count". "find" returns the ids of a set after one of them, or the
-- first ones. Their order is that of the numbers times "sign".
local function merge(keys, count, sign, find)
  local some = math.min(math.ceil(2 * count / #keys) + 1, count)
  local heap, merged = {}, {}
  local function fill(run, last)
    run.ids, run.next = find(run.key, some, last), 1
    return #run.ids > 0
  end
  local function set_rank(run) run.rank = sign * tonumber(run.ids[run.next]) end
  for _, key in ipairs(keys) do
    local run = { key = key }
    if fill(run) then
      set_rank(run)
      table.insert(heap, run)
    end
  end
  for at = math.floor(#heap / 2), 1, -1 do sink(heap, at) end
  while #heap > 0 and #merged < count do
    local run = heap[1]
    local id = run.ids[run.next]
    table.insert(merged, id)
    run.next = run.next + 1
    if run.ids[run.next] or (#run.ids == some and fill(run, id)) then set_rank(run)
    else
      local last_run = table.remove(heap)
      if #heap > 0 then heap[1] = last_run end
    end
    sink(heap, 1)
  end
  return merged
end
`;

/**
 * Reads what is owed after a position: of named channels, or of all. Arguments: the name of an epoch, the position, the
 * channels as JSON or nothing, the letters of the kinds (`e` for ends), the limits of entries and bytes, and the time.
 */
export const READ = defineScript(String.raw`
${PREAMBLE}
${POSITION}
${MERGING}
local kinds, max_bytes, now = ARGV[5], tonumber(ARGV[7]), time_of(ARGV[8])
-- A page has one entry, whatever the limit. And one more shows whether that was the last one.
local limit = math.max(1, tonumber(ARGV[6]))

local function mark_of(channel, forgotten)
  local mark = call('ZSCORE', TRIMMED, channel)
  if mark then return tonumber(mark) end
  -- A channel without a mark that has been in use since before anything was forgotten has lost nothing.
  if forgotten == 0 or call('SISMEMBER', CHANNELS, channel) == 1 then return 0 end
  return forgotten
end

local function find_holes()
  local holes = {}
  if after.seq >= number_of('trimmed') then return holes end
  local forgotten = number_of('forgotten')
  local function add_hole(channel, seq)
    if seq <= after.seq then return end
    table.insert(holes, channel)
    table.insert(holes, seq)
  end
  for _, channel in ipairs(channels or {}) do add_hole(channel, mark_of(channel, forgotten)) end
  if channels then return holes end
  local marks = call('ZRANGEBYSCORE', TRIMMED, '(' .. digits(after.seq), '+inf', 'WITHSCORES')
  for i = 1, #marks, 2 do add_hole(marks[i], tonumber(marks[i + 1])) end
  add_hole('${FORGOTTEN_CHANNELS}', forgotten)
  return holes
end

-- Ids in one set, from after the position or after one of them on.
local function find_in(key, count, last)
  return call('ZRANGEBYSCORE', key, '(' .. (last or digits(after.seq)), '+inf', 'LIMIT', 0, digits(count))
end

-- Ends, as if each was the only one in a set of its channel.
local function find_end(channel)
  local ending = call('HGET', ENDED, channel)
  return ending and tonumber(ending) > after.seq and { ending } or {}
end

-- As many as a page may need.
local function find_ids()
  if after.seq >= head then return {} end
  if not channels then return find_in(ALL, limit + 1) end
  local keys, channel_of = {}, {}
  for _, channel in ipairs(channels) do
    for kind in string.gmatch(kinds, '%a') do
      local key = key_of(kind, channel)
      if kind == 'e' then channel_of[key] = channel end
      table.insert(keys, key)
    end
  end
  return merge(keys, limit + 1, 1, function(key, count, last)
    if not channel_of[key] then return find_in(key, count, last) end
    return last and {} or find_end(channel_of[key])
  end)
end

local scanned, bytes, next_seq = 0, 0, after.seq
-- Whether the page has room for the entry.
local function take(id, text)
  local entry = parse(text)
  local is_owed = is_young(entry, now)
  if is_owed then bytes = bytes + entry.size end
  if (scanned > 0 and scanned >= limit) or (#answer > 0 and bytes > max_bytes) then return false end
  if is_owed then add(id, text) end
  scanned = scanned + 1
  next_seq = tonumber(id)
  return true
end

local ids = find_ids()
for from = 1, #ids, 100 do
  local some = { unpack(ids, from, math.min(from + 99, #ids)) }
  for i, text in ipairs(call('HMGET', ENTRIES, unpack(some))) do
    if not take(some[i], text) then return { epoch, head, '', find_holes(), 1, next_seq, answer } end
  end
end
return { epoch, head, '', find_holes(), 0, head, answer }
`);

/**
 * Reads the newest reliable entries before a position, the newest first. Arguments as of {@link READ}, and the number
 * of entries.
 */
export const RECENT = defineScript(String.raw`
${PREAMBLE}
${POSITION}
${MERGING}
local count = tonumber(ARGV[5])
local before = after.epoch ~= '' and '(' .. digits(after.seq) or '+inf'
local keys = {}
for i, channel in ipairs(channels) do keys[i] = key_of('r', channel) end
local ids = merge(keys, count + 1, -1, function(key, some, last)
  return call('ZREVRANGEBYSCORE', key, last and '(' .. last or before, '-inf', 'LIMIT', 0, digits(some))
end)
local more = #ids > count and 1 or 0
if more == 1 then table.remove(ids) end
in_chunks(ids, function(some)
  for i, text in ipairs(call('HMGET', ENTRIES, unpack(some))) do add(some[i], text) end
end)
return { epoch, head, '', {}, more, head, answer }
`);

/** The head, the size and the text of the rules, if there are some. Argument: the name of an epoch. */
export const STAT = defineScript(String.raw`
${PREAMBLE}
local epoch = running_epoch(ARGV[1], false)
local bytes = number_of('bytes') + number_of('others')
return { epoch, number_of('seq'), call('ZCARD', ALL), bytes, call('HGET', META, 'rules') }
`);

/** The epochs of the log, oldest first, each with its first `seq`. Without arguments. */
export const LIST_EPOCHS = defineScript(String.raw`
${PREAMBLE}
local list = {}
for _, epoch in ipairs(epochs()) do
  table.insert(list, epoch.name)
  table.insert(list, epoch.first)
end
return list
`);

/** Begins the first epoch, and names the server; an empty text if it does not say who it is. Argument: an epoch. */
export const OPEN = defineScript(String.raw`
${PREAMBLE}
running_epoch(ARGV[1], false)
return server()
`);
