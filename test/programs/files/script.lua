print(_VERSION, ...)
local file = assert(io.open("/w/out.txt", "w"))
file:write("hello from Lua\n")
file:close()
for line in io.lines("/w/out.txt") do print(line) end
print(pcall(function() error("caught") end))
local t = {}
for i = 1, 1000 do t[i] = (i * 7919) % 1000 end
table.sort(t)
print(t[1], t[1000], os.time() > 1e9, os.getenv("HOME"))
print(os.remove("/w/out.txt"), io.open("/etc/passwd") == nil)
print(string.format("%q %s", "a\nb", ("x"):rep(3)), coroutine.wrap(function() coroutine.yield(5) end)())
os.exit(3)
