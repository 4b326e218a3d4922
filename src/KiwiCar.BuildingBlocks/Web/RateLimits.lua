-- Takes one permit from every limit, or from none. KEYS: a sorted set a limit, its members the permits, their scores when they were taken (ms).
-- ARGV: the permit's name, then for each key the window in ms and the count. Answers whether they were taken, then for each key how many are used
-- and in how many ms the next one comes free. The time is Redis' own: one clock for all hosts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = { 1 }
for i, key in ipairs(KEYS) do
  local window, count = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
  local used = redis.call('ZCARD', key)
  if used >= count then answer[1] = 0 end
  -- Where the count was lowered meanwhile, more than the oldest have to go first.
  local first = math.max(used - count, 0)
  local taken = redis.call('ZRANGE', key, first, first, 'WITHSCORES')[2]
  answer[2 * i] = used
  answer[2 * i + 1] = (taken or now) + window - now
end
if answer[1] == 1 then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[1])
    redis.call('PEXPIRE', key, ARGV[2 * i])
    answer[2 * i] = answer[2 * i] + 1
  end
end
return answer
