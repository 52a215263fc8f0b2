#!/usr/bin/env python3
"""Where the time of an event goes, from the timer that is due to the last send: the table of legs out of a trace of the kernel.

Reads `perf script` from standard input, writes Markdown. It needs Linux's perf (Debian: linux-perf) and root, for the trace points, and
a server whose journal is a thread called `journal` and whose loop is the main thread: Millstream, or bare durable (Peers/durable), which
has no timers of its own to be due. Record while a scenario runs whose every commit is sent, as running-jobs:

    perf record -a -o /dev/shm/legs -e sched:sched_switch,sched:sched_waking,block:block_rq_issue,syscalls:sys_enter_fdatasync,\
syscalls:sys_exit_fdatasync,syscalls:sys_enter_sendto,syscalls:sys_exit_sendto,syscalls:sys_exit_epoll_wait -- sleep 4
    perf script -i /dev/shm/legs --ns -F comm,pid,tid,cpu,time,event,trace | Benchmarks/Experiments/legs.py

The trace itself takes time, some 0.3 µs for each event in it, so sums are a little longer here than in the generator's report.
"""
import re
import sys

LINE = re.compile(r"^\s*(.*?)\s+(-?\d+)/(-?\d+)\s+\[(\d+)\]\s+(\d+)\.(\d+):\s+(?:\w+:)?(\w+):\s?(.*)$")
WAKING = re.compile(r"comm=(.*?) pid=(\d+) prio=")
SWITCH = re.compile(r"prev_pid=(\d+) prev_prio=-?\d+ prev_state=(\S+) ==> next_comm=(.*?) next_pid=(\d+) ")
TIMER, HANDLERS = "delays", "handlers-"


class Commit:
    """The stations of one commit in µs, None where it has none, and what was sent of it."""

    def __init__(self, due, woken):
        self.due, self.woken = due, woken
        self.runs = self.sync = self.synced = self.told = self.loop_runs = None
        self.cpu_before = 0.0
        self.cpu = None
        self.writes = 0
        self.sends = []


class Trace:
    """Follows journal, loop and timers through the trace; `commits` has those that were seen whole and sent."""

    def __init__(self):
        self.journal = self.loop = self.server = None
        self.names = {}
        self.on_core, self.ran = {}, {}
        self.cores = {}
        self.timer_woken = self.pending_due = None
        self.journal_sleeps = self.in_sync = False
        self.commit, self.told, self.tick = None, [], []
        self.commits, self.unsent, self.syncs = [], 0, 0
        self.first = self.last = None

    def read(self, lines):
        for line in lines:
            found = LINE.match(line)
            if not found:
                continue
            comm, pid, tid, core, seconds, fraction, event, rest = found.groups()
            time = int(seconds) * 1e6 + int(fraction.ljust(9, "0")) / 1e3
            self.first = time if self.first is None else self.first
            self.last = time
            pid, tid, core = int(pid), int(tid), int(core)
            if self.journal is None and comm == "journal":
                self.journal, self.server, self.loop = tid, pid, pid
            if pid == self.server:
                self.names[tid] = comm
            if self.journal is not None:
                getattr(self, event, self.ignore)(time, comm, tid, core, rest)

    def ignore(self, *_):
        pass

    # The scheduler

    def sched_waking(self, time, comm, tid, core, rest):
        found = WAKING.match(rest)
        if not found:
            return
        name, woken = found.group(1), int(found.group(2))
        if name == TIMER and not comm.startswith(HANDLERS):
            self.timer_woken = time
        elif name.startswith(HANDLERS) and comm == TIMER and self.pending_due is None:
            self.pending_due = self.timer_woken
        elif woken == self.journal and self.journal_sleeps and not self.in_sync:
            self.journal_sleeps = False
            self.begin(time)
        elif woken == self.loop and tid == self.journal:
            self.tell(time)

    def sched_switch(self, time, comm, tid, core, rest):
        found = SWITCH.search(rest)
        if not found:
            return
        before, state, name, after = int(found.group(1)), found.group(2), found.group(3), int(found.group(4))
        since = self.on_core.pop(before, None)
        if since is not None:
            self.ran[before] = self.ran.get(before, 0.0) + time - since
            key = (core, self.names.get(before) or ("idle" if before == 0 else "others"))
            self.cores[key] = self.cores.get(key, 0.0) + time - since
        self.on_core[after] = time
        if after == self.journal and self.commit and self.commit.runs is None and self.commit.sync is None:
            self.commit.runs = time
        if before == self.journal and state.startswith("S") and not self.in_sync:
            self.journal_sleeps = True
            self.tell(None)
        if before == self.loop and state.startswith("S"):
            self.end_tick()

    def ran_until(self, time, tid):
        return self.ran.get(tid, 0.0) + (time - self.on_core[tid] if tid in self.on_core else 0.0)

    # The journal

    def begin(self, time):
        self.commit = Commit(self.pending_due, time)
        if time is not None:
            self.commit.cpu_before = self.ran_until(time, self.journal)
        self.pending_due = None

    def sys_enter_fdatasync(self, time, comm, tid, core, rest):
        if tid != self.journal:
            return
        self.in_sync = True
        self.tell(None)
        if self.commit is None:
            # It did not sleep since the commit before: what came meanwhile waited for that one.
            self.begin(None)
        if self.commit.sync is None:
            self.syncs += 1
            self.commit.sync = time
            self.commit.cpu = self.ran_until(time, self.journal) - self.commit.cpu_before

    def sys_exit_fdatasync(self, time, comm, tid, core, rest):
        if tid == self.journal:
            self.in_sync = False
            if self.commit:
                self.commit.synced = time

    def block_rq_issue(self, time, comm, tid, core, rest):
        if tid == self.journal and self.in_sync and self.commit and " W" in rest:
            self.commit.writes += 1

    def tell(self, time):
        """The commit is on the disk and reported; no time where the loop was awake and needed no waking."""
        if self.commit and self.commit.synced is not None:
            self.commit.told = time
            self.told.append(self.commit)
            self.commit = None

    # The loop

    def sys_exit_epoll_wait(self, time, comm, tid, core, rest):
        if tid != self.loop:
            return
        self.end_tick()
        for commit in self.told:
            commit.loop_runs = time
        self.tick, self.told = self.told, []

    def sys_enter_sendto(self, time, comm, tid, core, rest):
        if tid == self.loop:
            for commit in self.tick:
                commit.sends.append([time, None])

    def sys_exit_sendto(self, time, comm, tid, core, rest):
        if tid == self.loop:
            for commit in self.tick:
                if commit.sends:
                    commit.sends[-1][1] = time

    def end_tick(self):
        for commit in self.tick:
            if commit.sends and commit.sends[-1][1] is not None:
                self.commits.append(commit)
            else:
                self.unsent += 1
        self.tick = []


LEGS = [
    ("handlers due → the journal is woken", lambda c: (c.due, c.woken)),
    ("journal woken → it runs", lambda c: (c.woken, c.runs)),
    ("→ `fdatasync` begins", lambda c: (c.runs, c.sync)),
    ("`fdatasync`", lambda c: (c.sync, c.synced)),
    ("→ the loop is told", lambda c: (c.synced, c.told)),
    ("→ the loop runs", lambda c: (c.told, c.loop_runs)),
    ("→ first send", lambda c: (c.loop_runs, c.sends[0][0])),
    ("→ all are sent", lambda c: (c.sends[0][0], c.sends[-1][1])),
    ("**journal woken → all are sent**", lambda c: (c.woken, c.sends[-1][1])),
    ("**handlers due → all are sent**", lambda c: (c.due, c.sends[-1][1])),
]


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def row(name, values):
    if not values:
        return f"| {name} | | | 0 |"
    return f"| {name} | {quantile(values, 0.5):.0f} | {quantile(values, 0.99):.0f} | {len(values)} |"


def main():
    trace = Trace()
    trace.read(sys.stdin)
    commits = trace.commits
    if not commits:
        sys.exit("legs.py: no commit that was sent is in this trace: is it `perf script` of the events above, beside a load?")
    seconds = (trace.last - trace.first) / 1e6
    sends = sum(len(c.sends) for c in commits)
    print(f"{seconds:.2f} s: {trace.syncs} commits ({trace.syncs / seconds:.0f} a second), "
          f"{sends / len(commits):.1f} events sent for each [{quantile([len(c.sends) for c in commits], 0)}"
          f"–{max(len(c.sends) for c in commits)}], {trace.unsent} with nothing to send, "
          f"{sum(c.woken is None for c in commits)} that had waited for the commit before.\n")
    print("| leg, µs | p50 | p99 | commits |\n|---|---|---|---|")
    for name, ends in LEGS:
        pairs = [ends(c) for c in commits]
        print(row(name, [end - begin for begin, end in pairs if begin is not None and end is not None]))
    print(row("handlers due → an event's own send is done (of events)",
              [send[1] - c.due for c in commits if c.due is not None for send in c.sends if send[1] is not None]))
    print(row("CPU of the journal's thread, woken → `fdatasync`", [c.cpu for c in commits if c.woken is not None]))
    for wanted, name in ((1, "`fdatasync` that wrote once"), (2, "`fdatasync` that wrote twice or more")):
        print(row(name, [c.synced - c.sync for c in commits if min(c.writes, 2) == wanted]))
    core = max({core for core, _ in trace.cores}, key=lambda core: trace.cores.get((core, trace.names[trace.journal]), 0.0))
    print(f"\n| core {core} did | % of the time | µs a commit |\n|---|---|---|")
    shares = {}
    for (at, name), time in trace.cores.items():
        if at == core:
            name = "loop" if name == trace.names.get(trace.loop) else re.sub(r"-\d+$", "", name)
            shares[name] = shares.get(name, 0.0) + time
    for name, time in sorted(shares.items(), key=lambda share: -share[1]):
        print(f"| {name} | {time / seconds / 1e4:.1f} | {time / max(1, trace.syncs):.0f} |")


if __name__ == "__main__":
    main()
