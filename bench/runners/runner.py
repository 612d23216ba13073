"""What runner.h is for runners in C, for runners in Python."""
import sys
import time


def serve(commands):
    """Answers commands of standard input: {name: function of the argument -> checksum or None}."""
    for line in sys.stdin:
        name, argument = line.rstrip("\n").split(" ", 1)
        try:
            wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
            checksum = commands[name](argument) or 0
            cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
            print(wall, cpu, f"{checksum & 0xffffffffffffffff:016x}", flush=True)
        except Exception as fault:
            print("error", str(fault).replace("\n", " "), flush=True)
