-- Numbers a message of a channel and publishes it, in one step.
--
-- KEYS   1 the channel's last number (string)   2 the channel
-- ARGV   1 what the number grows by: 1, and 2 where messages before it were not sent   2 lifetime of the number in ms
--        3 PUBLISH or SPUBLISH   4 the message
-- Answer the number
-- Cost   O(subscribers)
local number = redis.call('INCRBY', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call(ARGV[3], KEYS[2], number .. ' ' .. ARGV[4])
return number
