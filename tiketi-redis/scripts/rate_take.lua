-- Uses up one attempt of an allowance, if there is one.
--
-- The rule of decide/rate_limit.rs, which the cases of tiketi-conformance compare.
--
-- KEYS   1 when the allowance is full again (string): microseconds
-- ARGV   1 now in microseconds   2 microseconds in which an attempt comes back   3 attempts of a full allowance
-- Answer {1, when it is full again}, or {0, when there is an attempt again}
-- Cost   O(1)
--
-- Numbers are below 2^53 until the year 2255, so Lua keeps them exactly.
local now, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local after = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
local retry = after - interval * tonumber(ARGV[3])
if retry > now then
    return {'0', string.format('%.0f', retry)}
end
local text = string.format('%.0f', after)
-- An allowance that is full needs no key. The second more is for servers whose clocks differ.
redis.call('SET', KEYS[1], text, 'PX', string.format('%.0f', math.ceil((after - now) / 1000) + 1000))
return {'1', text}
