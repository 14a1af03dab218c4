-- Reads what an admission looks at: the room, what is due, recent admissions, and places, all of one moment.
--
-- KEYS   1 the room (string)   2 due places (sorted set)   3 recent admissions (list)   4… blocks of places (strings)
-- ARGV   1 the largest member that is due   2 how many due members at most
--        then triples for the places: index of the block in KEYS, first and last byte
-- Answer {the room or nil, {due members}, {recent admissions}, {the bytes of each triple}}
-- Cost   O(log n + due members + places); the caller asks for at most 1,000 due members and 5,096 places
local places = {}
for i = 3, #ARGV, 3 do
    places[#places + 1] = redis.call('GETRANGE', KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2])
end
return {
    redis.call('GET', KEYS[1]),
    redis.call('ZRANGEBYLEX', KEYS[2], '-', '[' .. ARGV[1], 'LIMIT', 0, ARGV[2]),
    redis.call('LRANGE', KEYS[3], 0, -1),
    places,
}
