-- Writes what the rules decided, if the room is still the one they decided on.
--
-- The first 8 bytes of a room are its stamp, which is new with each commit. A commit names the stamp that it replaces, so
-- it applies at most once, however often it is sent and however late it arrives.
--
-- KEYS   1 the room (string)   2 the buyers (hash)   3 due places (sorted set)   4 recent admissions (list)
--        5 the turn (string)   6… blocks of places (strings)
-- ARGV   1 the stamp of the room that was read, empty for none   2 the writer's name   3 '1' to ask for the turn
--        4 how long keys are kept, in milliseconds   5 the room   6 '1' to delete all places first
--        7 an admission to remember, or empty   8 how many blocks are written; the later ones are only kept longer
--        9 the last byte of a block   10 how many pointers   11 how many due members to add   12 how many to remove
--        13 how many pointers to delete
--        then the pointers (buyer, pointer), those to delete unless they have changed, the members to add, the members to remove,
--        and triples for the places: index of the block in KEYS, first byte, bytes
-- Answer 'DONE', 'STALE' if the room is another one by now, or 'TURN' if another writer has the turn
-- Cost   O(log n) for each pointer, member and place; the caller sends at most 1,000 of each for an admission, and 192
--        pointers to delete
--
-- A writer that lost several races asks for the turn, and the others wait for it, for at most 100 ms. That is fairness
-- only: it is the stamp that makes a commit safe.
local room, buyers, due, admissions, turn = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local holder = redis.call('GET', turn)
if holder and holder ~= ARGV[2] then
    return 'TURN'
end
if redis.call('GETRANGE', room, 0, 7) ~= ARGV[1] then
    if ARGV[3] == '1' then
        redis.call('SET', turn, ARGV[2], 'PX', 100)
    end
    return 'STALE'
end
if holder then
    redis.call('DEL', turn)
end

local ttl = ARGV[4]
local at = 14

-- Calls a command with arguments that lie in ARGV, at most 1,000 at a time: Lua's stack is small.
local function each_thousand(count, call)
    local last = at + count - 1
    while at <= last do
        local upto = math.min(at + 999, last)
        call(at, upto)
        at = upto + 1
    end
end

if ARGV[6] == '1' then
    redis.call('UNLINK', buyers, due, admissions)
end
each_thousand(tonumber(ARGV[10]) * 2, function(from, to)
    redis.call('HSET', buyers, unpack(ARGV, from, to))
end)
for _ = 1, tonumber(ARGV[13]) do
    if redis.call('HGET', buyers, ARGV[at]) == ARGV[at + 1] then
        redis.call('HDEL', buyers, ARGV[at])
    end
    at = at + 2
end
each_thousand(tonumber(ARGV[11]), function(from, to)
    local members = {}
    for i = from, to do
        members[#members + 1] = 0
        members[#members + 1] = ARGV[i]
    end
    redis.call('ZADD', due, unpack(members))
end)
each_thousand(tonumber(ARGV[12]), function(from, to)
    redis.call('ZREM', due, unpack(ARGV, from, to))
end)
for key = 6, 5 + tonumber(ARGV[8]) do
    -- A block gets its full size at once, so that it never takes more memory than its places need.
    redis.call('SETRANGE', KEYS[key], ARGV[9], '\0')
end
for i = at, #ARGV, 3 do
    redis.call('SETRANGE', KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2])
end
if ARGV[7] ~= '' then
    redis.call('LPUSH', admissions, ARGV[7])
    redis.call('LTRIM', admissions, 0, 7)
end
redis.call('SET', room, ARGV[5], 'PX', ttl)
for key = 2, #KEYS do
    if key ~= 5 then
        redis.call('PEXPIRE', KEYS[key], ttl)
    end
end
return 'DONE'
