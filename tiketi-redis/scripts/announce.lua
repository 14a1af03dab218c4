-- Adds an event to the index of rooms that may have a live place, and says when.
--
-- KEYS   1 the index (sorted set)   2 the moments of the announcements (hash)
-- ARGV   1 the event
-- Cost   O(log n)
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], redis.call('TIME')[1])
return 1
