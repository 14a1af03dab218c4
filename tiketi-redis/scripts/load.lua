-- Reads a room, the arrival numbers of buyers, and places, all of one moment.
--
-- KEYS   1 the room (string)   2 the buyers (hash)   3… blocks of places (strings)
-- ARGV   1 how many buyers, then the buyers, then triples for the places: index of the block in KEYS, first and last byte
-- Answer {the room or nil, {the pointer of each buyer or nil}, {the bytes of each triple}}
-- Cost   O(buyers + places); the caller sends at most 512 buyers and 4,096 places
local buyers = tonumber(ARGV[1])
local pointers = {}
for i = 1, buyers do
    pointers[i] = redis.call('HGET', KEYS[2], ARGV[i + 1])
end
local places = {}
for i = buyers + 2, #ARGV, 3 do
    places[#places + 1] = redis.call('GETRANGE', KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2])
end
return {redis.call('GET', KEYS[1]), pointers, places}
