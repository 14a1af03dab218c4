-- Numbers messages of a channel and publishes them in their order, in one step.
--
-- KEYS   1 the channel's last number (string)   2 the channel
-- ARGV   1 what the number grows by first: 1, or 2 where a message before these was not sent
--        2 lifetime of the number in ms   3 PUBLISH or SPUBLISH   4… the messages
-- Answer the last number
-- Cost   O(messages × subscribers), at most 256 messages
local number = redis.call('INCRBY', KEYS[1], ARGV[1] - 1)
for i = 4, #ARGV do
    number = redis.call('INCR', KEYS[1])
    redis.call(ARGV[3], KEYS[2], number .. ' ' .. ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return number
