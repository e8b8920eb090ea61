import { PREAMBLE, KEEPING } from "./preamble.ts";
import { defineScript } from "./script.ts";

/**
 * Appends batches, each as a whole or not at all. Arguments: the batches as JSON, the time, and the name of an epoch.
 * For each batch it returns a list: 0 with the id of each entry and 1 for a duplicate; 1 with the number of the
 * entry that conflicts and the id of the value that is there; or 2 with the number of an entry after the end of its
 * channel and the id of that end, empty if the end is in the same batch.
 */
export const APPEND = defineScript(String.raw`
${PREAMBLE}
local now = time_of(ARGV[2])
${KEEPING}

-- The id of the value that an entry would replace; empty if there is none.
local function id_of_value(entry)
  local newest = call('HGET', NEWEST, name_of_value(entry.channel, entry.type, entry.key)) or ''
  if string.sub(newest, 1, 1) ~= 'v' then return '' end
  local id = string.sub(newest, 2)
  if not is_young(parse(call('HGET', ENTRIES, id)), now) then return '' end
  return id_of(tonumber(id))
end

-- Where an entry was appended before, by its idempotency key.
local function first_of(entry)
  return entry.once and call('HGET', ONCE, name_of_once(entry.channel, entry.once))
end

-- An entry after the end of its channel. One that was appended before, or comes earlier in the batch, is no new one.
local function find_ended(batch)
  local ended, seen = {}, {}
  for number, entry in ipairs(batch) do
    local channel = entry.channel
    local name = entry.once and name_of_once(channel, entry.once)
    local ending = call('HGET', ENDED, channel)
    if (ending or ended[channel]) and not (name and seen[name]) and not first_of(entry) then
      return { 2, number, ending and id_of(tonumber(ending)) or '' }
    end
    if name then seen[name] = true end
    if entry.ends then ended[channel] = true end
  end
end

-- The conditions of a batch are about the log before it.
local function find_conflict(batch)
  for number, entry in ipairs(batch) do
    if entry.expects and not first_of(entry) then
      local id = id_of_value(entry)
      if id ~= entry.expects then return { 1, number, id } end
    end
  end
end

local epoch = running_epoch(ARGV[3], true)
local head = number_of('seq')
local former_head = head

local function append(batch)
  local result = { 0 }
  for _, entry in ipairs(batch) do
    local first = first_of(entry)
    if not first then
      head = head + 1
      place(entry, head)
    end
    table.insert(result, first and id_of(tonumber(first)) or epoch .. '.' .. digits(head))
    table.insert(result, first and 1 or 0)
  end
  return result
end

local results = {}
for i, batch in ipairs(cjson.decode(ARGV[1])) do
  results[i] = find_ended(batch) or find_conflict(batch) or append(batch)
end
if head > former_head then
  call('HSET', META, 'seq', digits(head))
  write_tally()
  ring()
end
return results
`);
