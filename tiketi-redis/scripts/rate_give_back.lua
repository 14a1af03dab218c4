-- Gives one attempt of an allowance back.
--
-- KEYS   1 when the allowance is full again (string), as for taking
-- ARGV   1 microseconds in which an attempt comes back
-- Answer 1, or 0 for an allowance that is full
-- Cost   O(1)
local full_at = redis.call('GET', KEYS[1])
if not full_at then
    return 0
end
redis.call('SET', KEYS[1], string.format('%.0f', tonumber(full_at) - tonumber(ARGV[1])), 'KEEPTTL')
return 1
