// One kind at work: its declaration, its queue and how many of its places are taken. Journal lane only.

/// A kind's queue and places. Stays when the declaration goes, for the jobs that still carry the name.
final class KindLane {
    let name: String
    /// Nil when the configuration no longer names the kind: its jobs fail when they would start.
    var declared: JobKind?
    var ready = ReadyQueue()
    /// Places taken: by runs, and by given-up runs whose worker has not said `.finish` yet.
    var taken = 0

    init(name: String, declared: JobKind? = nil) {
        self.name = name
        self.declared = declared
    }

    var hasFreePlace: Bool { taken < (declared?.concurrency ?? 0) }
    var graceMs: Int64 { declared?.cancelGraceMs ?? LedgerLimits.defaultGraceMs }
    var maxAttempts: Int { declared?.retries.attempts ?? 1 }
    var maxCrashAttempts: Int { declared?.crashAttempts ?? 1 }
}
