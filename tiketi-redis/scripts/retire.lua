-- Removes events from the index of rooms, unless they were announced in the last minute.
--
-- An event is announced before its first place is written; the minute is longer than that write can be under way.
--
-- KEYS   1 the index (sorted set)   2 the moments of the announcements (hash)
-- ARGV   the events, at most 64
-- Cost   O(log n) for each event
local now = tonumber(redis.call('TIME')[1])
for i = 1, #ARGV do
    local announced = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0)
    if now - announced > 60 then
        redis.call('ZREM', KEYS[1], ARGV[i])
        redis.call('HDEL', KEYS[2], ARGV[i])
    end
end
return 1
