-- Gives up what an owner has of a lease under its token, and leaves other leases alone.
--
-- KEYS   1 the leases of a scope (hash), as for acquiring
-- ARGV   1 owner   2 token   3… the keys
-- Answer 1 if all of it was held, else 0
-- Cost   O(keys), at most 100
local leases, mine = KEYS[1], ARGV[2]
local had_all = 1
for i = 3, #ARGV do
    local held = redis.call('HGET', leases, ARGV[i])
    local token, till, of
    if held then
        token, till, of = string.match(held, '^(%d+) (%-?%d+) (.*)$')
    end
    if held and of == ARGV[1] and token == mine then
        redis.call('HDEL', leases, ARGV[i])
    else
        had_all = 0
    end
end
return had_all
