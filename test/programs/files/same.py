# What --deterministic promises: all of this is the same again, but what the host's files are by themselves.
import hashlib, os, random, sys, time, uuid

print(random.random(), os.urandom(8).hex(), uuid.uuid4(), hash("text"), id(object()))
print(time.time(), time.monotonic(), time.perf_counter_ns(), time.ctime(), list({"a", "b", "c"}))
started = time.time()
time.sleep(3600)
print(time.time() - started, sys.argv, dict(os.environ))
# A file that is there already: a new one would have another inode number, and larger numbers take more work.
name = os.path.join("/w", "hello.c")
with open(name, "wb") as file:
    file.write(random.randbytes(1000))
with open(name, "rb") as file:
    print(name, os.stat(name).st_size, hashlib.sha256(file.read()).hexdigest(), sorted(os.listdir("/w")))
