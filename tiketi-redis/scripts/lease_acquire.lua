-- Gives all of some keys to an owner, or none.
--
-- KEYS   1 the leases of a scope (hash): key -> 'token until owner', and '' -> the last token
-- ARGV   1 owner   2 now in microseconds   3 until in microseconds   4 milliseconds to keep the hash   5… the keys
-- Answer {token}, or {-1, the keys that others have}
-- Cost   O(keys), at most 100
--
-- Numbers are below 2^53 until the year 2255, so Lua keeps them exactly.
local leases, owner, now, ends = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local taken, common, is_whole = {-1}, nil, true
for i = 5, #ARGV do
    local held = redis.call('HGET', leases, ARGV[i])
    local token, till, of
    if held then
        token, till, of = string.match(held, '^(%d+) (%-?%d+) (.*)$')
    end
    if held and tonumber(till) > now then
        if of ~= owner then
            taken[#taken + 1] = ARGV[i]
        end
        is_whole = is_whole and (common == nil or common == token)
        common = token
    else
        is_whole = false
    end
end
if #taken > 1 then
    return taken
end
local token = common
if not is_whole then
    -- The clock is the floor, so that tokens grow although Redis has lost its data.
    token = math.max(tonumber(redis.call('HGET', leases, '') or 0) + 1, now)
    token = string.format('%.0f', token)
    redis.call('HSET', leases, '', token)
end
for i = 5, #ARGV do
    redis.call('HSET', leases, ARGV[i], token .. ' ' .. ends .. ' ' .. owner)
end
redis.call('PEXPIRE', leases, ARGV[4])
return {token}
