import MillstreamJobs

// What the store did not take and must not be lost, and which of it to try next. A value type without clock and I/O: the writer
// tells it how each try went. The situations:
//
//   batch(n)   the first n entries together. Success doubles n, failure halves it, so that one bad entry ends up alone.
//   probe      the first entry failed alone. Is it the entry, or the store? One entry of another source tells, or a command of
//              a caller: when that succeeds, the source of the first is put aside (quarantine) and the others go on; when it
//              fails as well, the first entry is tried again, and after it another source's, for two may be bad.
//
// A source in quarantine keeps its order: its entries wait behind the bad one, which is tried alone now and then. When it
// went on failing while others succeeded, it is given up: a run is failed, an event of a channel is dropped.

struct RetryQueue {
    private struct Quarantine {
        let source: LaneEntry.Source
        var entries: [LaneEntry]
        var failures = 0
    }

    private enum Step: Equatable {
        case batch(Int)
        case probe
    }

    /// What to try next.
    struct Attempt {
        var entries: [LaneEntry]
        fileprivate var origin: Origin
    }

    fileprivate enum Origin: Equatable {
        case front
        case probe(index: Int)
        case quarantine
    }

    private var entries: [LaneEntry] = []
    private var step = Step.batch(Int.max)
    private var quarantines: [Quarantine] = []
    /// Since the last success: which source's turn it is to be the probe.
    private var failedProbes = 0

    var isEmpty: Bool { entries.isEmpty && quarantines.isEmpty }
    /// Whether entries wait that are not in quarantine: then nothing new may pass them.
    var blocksQueue: Bool { !entries.isEmpty }
    var hasQuarantine: Bool { !quarantines.isEmpty }
    /// Whether the first entry failed alone, so that a command from elsewhere can tell whose fault it is.
    var wantsForeignProbe: Bool { step == .probe && !entries.isEmpty }

    /// Whether the first entry failed alone and nothing that is kept can tell whose fault it is: what waits elsewhere is to be added.
    var lacksProbe: Bool { wantsForeignProbe && probeIndex == nil }

    /// Keeps what a failed batch held, or what arrived behind it. The first time it is tried whole once more: the fault may have
    /// lain in what is not kept.
    mutating func keepOrAdd(_ failed: [LaneEntry]) {
        if entries.isEmpty { step = .batch(max(1, failed.count)) }
        entries.append(contentsOf: failed)
    }

    /// Puts aside the entries of sources in quarantine; the rest may be tried.
    mutating func sift(_ arrived: [LaneEntry]) -> [LaneEntry] {
        guard hasQuarantine else { return arrived }
        return arrived.filter { entry in
            guard let index = quarantines.firstIndex(where: { $0.source == entry.source }) else { return true }
            quarantines[index].entries.append(entry)
            return false
        }
    }

    /// The next try, or nil when none waits outside of quarantine.
    func nextAttempt() -> Attempt? {
        guard !entries.isEmpty else { return nil }
        switch step {
        case .batch(let count): return Attempt(entries: Array(entries.prefix(count)), origin: .front)
        case .probe:
            guard let index = probeIndex else { return Attempt(entries: [entries[0]], origin: .front) }
            return Attempt(entries: [entries[index]], origin: .probe(index: index))
        }
    }

    /// The first entry of the source that has been in quarantine longest.
    func nextQuarantined() -> Attempt? {
        quarantines.first.map { Attempt(entries: [$0.entries[0]], origin: .quarantine) }
    }

    /// - Parameter wasStored: whether the try reached the store at all; a command that changes nothing proves nothing.
    mutating func succeeded(_ attempt: Attempt, wasStored: Bool) {
        switch attempt.origin {
        case .front:
            failedProbes = 0
            entries.removeFirst(min(attempt.entries.count, entries.count))
            step = .batch(max(2, attempt.entries.count.addingReportingOverflow(attempt.entries.count).partialValue))
        case .probe(let index):
            entries.remove(at: index)
            if wasStored { quarantineFirst() }
        case .quarantine:
            quarantines[0].failures = 0
            advanceQuarantine()
        }
    }

    mutating func failed(_ attempt: Attempt) {
        switch attempt.origin {
        case .front: step = attempt.entries.count > 1 ? .batch(attempt.entries.count / 2) : .probe
        case .probe:
            failedProbes += 1
            step = .batch(1)
        case .quarantine: break
        }
    }

    /// A command from elsewhere was stored while the first entry failed alone: the entry is at fault.
    mutating func foreignProbeSucceeded() {
        quarantineFirst()
    }

    /// The quarantined entry failed again although the store works. Returns it when it is given up now, replaced by the end of
    /// its run.
    mutating func failedInQuarantine(_ attempt: Attempt, maxFailures: Int, replacement: LedgerCommand?) -> LaneEntry? {
        quarantines[0].failures += 1
        guard quarantines[0].failures >= maxFailures else {
            quarantines.append(quarantines.removeFirst())
            return nil
        }
        quarantines[0].failures = 0
        advanceQuarantine(insertingFirst: replacement.map { LaneEntry($0, share: .control) })
        return attempt.entries.first
    }

    /// Takes everything out, in order within each source: at the end of the lane.
    mutating func removeAll() -> [LaneEntry] {
        let all = entries + quarantines.flatMap(\.entries)
        self = RetryQueue()
        return all
    }

    /// The first entry of a source other than the first's.
    private var probeIndex: Int? {
        var sources = Set(entries.prefix(1).map(\.source))
        let candidates = entries.indices.filter { sources.insert(entries[$0].source).inserted }
        return candidates.isEmpty ? nil : candidates[failedProbes % candidates.count]
    }

    private mutating func quarantineFirst() {
        failedProbes = 0
        guard let source = entries.first?.source else { return }
        quarantines.append(Quarantine(source: source, entries: entries.filter { $0.source == source }))
        entries.removeAll { $0.source == source }
        step = .batch(Int.max)
    }

    /// A good head lets the rest of its source through: behind it nothing was found bad yet.
    private mutating func advanceQuarantine(insertingFirst entry: LaneEntry? = nil) {
        var released = quarantines.removeFirst()
        released.entries.removeFirst()
        if let entry { released.entries.insert(entry, at: 0) }
        guard !released.entries.isEmpty else { return }
        entries.append(contentsOf: released.entries)
        step = .batch(entries.count)
    }
}
