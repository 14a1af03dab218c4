-- Moves the end of a lease, if its owner has all of it under its token and it is not over.
--
-- KEYS   1 the leases of a scope (hash), as for acquiring
-- ARGV   1 owner   2 token   3 now in microseconds   4 until in microseconds   5 milliseconds to keep the hash   6… the keys
-- Answer {until}, or {} if the lease is lost
-- Cost   O(keys), at most 100
local leases, owner, token, now, ends = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
for i = 6, #ARGV do
    local held = redis.call('HGET', leases, ARGV[i])
    local of_token, till, of
    if held then
        of_token, till, of = string.match(held, '^(%d+) (%-?%d+) (.*)$')
    end
    if not held or of ~= owner or of_token ~= token or tonumber(till) <= now then
        return {}
    end
    if tonumber(till) > tonumber(ends) then
        ends = till
    end
end
for i = 6, #ARGV do
    redis.call('HSET', leases, ARGV[i], token .. ' ' .. ends .. ' ' .. owner)
end
redis.call('PEXPIRE', leases, ARGV[5])
return {ends}
