import CLibevent
import Glibc

/// What the process may map (RLIMIT_AS): pages that nobody touches count, too.
public enum AddressSpace {
    /// malloc counts the main one, which grows with the heap, among them.
    private static let fewArenas: Int32 = 2

    /// Where there is a limit, malloc is held to two arenas: it sets 64 MiB aside for each of the first threads, eight a core, and
    /// the threads of a quiet server alone would take 1.1 GB. Without one, threads do better each with its own. For the start of a process.
    public static func spare() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return }
        if limit.rlim_cur < unlimited { millstream_bound_arenas(fewArenas) }
    }

    /// RLIM_INFINITY, which is a cast and so not imported.
    private static let unlimited = rlim_t.max
}
