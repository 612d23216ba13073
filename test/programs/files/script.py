import hashlib
import json
import os
import re
import sys
import time

print(sys.version_info[:2], sys.argv)
print(json.dumps({"a": [1, 2, {"b": None}]}), hashlib.sha256(b"x").hexdigest(), re.findall(r"\w+", "a bc d"))
os.chdir("/w")
with open("t.txt", "w") as file:
    file.write("hello\n" * 10)
print(sorted(os.listdir("."))[-1], os.stat("t.txt").st_size, open("t.txt").read().count("hello"))
os.makedirs("d/e")
os.rename("t.txt", "d/e/u.txt")
os.symlink("e/u.txt", "d/l")
print(sorted(os.listdir("d/e")), os.readlink("d/l"), open("d/l").readline().strip())
for name in "/w/../../etc/passwd", "/etc/passwd", "d/e/u.txt/", "d":
    try:
        open(name)
    except OSError as error:
        print(name, type(error).__name__)
os.remove("d/l")
os.remove("d/e/u.txt")
os.removedirs("d/e")
started = time.monotonic()
time.sleep(0.05)
print(time.monotonic() - started >= 0.05)
with open("a", "ab") as file:
    file.write(b"123")
    file.flush()
    os.fsync(file.fileno())
with open("a", "ab+") as file:
    file.write(b"456")
    file.seek(0)
    print(file.read(), file.tell())
os.utime("a", (5, 6))
os.truncate("a", 2)
os.utime("a", (5, 6))
print(os.stat("a").st_mtime, open("a").read())
os.remove("a")
print(os.environ.get("HOME"), os.urandom(8) != os.urandom(8), input())
sys.exit(7)
