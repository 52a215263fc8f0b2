// How many descriptors the process may have: each stream is one. What the server needs beside its peers' is set aside at the start, so
// that the bound of connections answers before the system's limit does.

import Glibc
import MillstreamHTTP
import MillstreamJobs

enum Descriptors {
    /// Raises the soft limit to the hard one; returns what holds now.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Three pipes and the process itself.
    private static let perProgram = 4
    /// Database, write-ahead log and what a replay lane waits with.
    private static let perReader = 3
    /// Standard streams, listener, epoll sets, wake-ups, the journal's writer and checkpointer, the log, the data directory's lock, the
    /// ends of pipes that a starting program gets, both ends of the readiness probe, reloads.
    private static let ownCount = 64
    /// A server that serves fewer peers is not worth starting.
    private static let fewestConnections = 64

    /// Connections and streams that may be open at a time.
    /// - Throws: when the limit leaves too few of them, naming the limit that would do.
    static func connections(
        limit: Int, _ configuration: ServerConfiguration, _ kinds: [JobKind]
    ) throws(StartFailure) -> Int {
        let asked = configuration.limits.maxConnections
        let reserved = reserved(configuration, kinds)
        let needed = reserved + min(asked, fewestConnections)
        guard limit >= needed else {
            throw StartFailure(
                .resources,
                "the limit of descriptors (ulimit -n) is \(limit); these settings need \(needed) or more, most of them for "
                    + "programs (concurrency of kinds) and peers")
        }
        return min(asked, limit - reserved)
    }

    /// Has the kernel make the process's table of descriptors as large as it can become. It doubles the table when a descriptor does not
    /// fit, and in a process with threads each time waits for a grace period of RCU first (`expand_fdtable` in fs/file.c): the loop
    /// stood still for 8 to 16 ms at the 256th, 512th, 1,024th … descriptor. Costs 8 bytes of the kernel's memory for each, up to the next
    /// power of two. Without effect when the system refuses: then it grows as before.
    static func reserveTable(limit: Int, _ configuration: ServerConfiguration, _ kinds: [JobKind]) {
        let last = min(limit, configuration.limits.maxConnections + reserved(configuration, kinds)) - 1
        let any = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard any >= 0 else { return }
        let highest = fcntl(any, F_DUPFD_CLOEXEC, Int32(clamping: last))
        if highest >= 0 { close(highest) }
        close(any)
    }

    private static func reserved(_ configuration: ServerConfiguration, _ kinds: [JobKind]) -> Int {
        let programs = kinds.reduce(0) { sum, kind in
            if case .exec = kind.worker { sum + kind.concurrency } else { sum }
        }
        return ownCount + HTTPServerSettings.excessConnections + configuration.uploads.maxConcurrent
            + configuration.journal.readers * perReader + programs * perProgram
    }
}
