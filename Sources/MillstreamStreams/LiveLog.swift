// One log as the hub holds it: how far it reaches, its recent events as text, who reads it, what became known in this tick.
// Loop-confined; the hub alone changes it.

import MillstreamJournal

/// A log with readers or recent events.
final class LiveLog {
    enum Head {
        /// Nothing but what commits told.
        case unknown
        /// The store was asked.
        case asked
        case known
    }

    /// One log's part in a reader of several logs.
    struct CombinedMember {
        var slot: UInt32
        var place: Int
    }

    /// A status that became known in this tick, and after which event.
    struct TickStatus {
        var after: Int64
        var text: [UInt8]
    }

    /// A piece of the log in one payload.
    final class SharedPiece {
        let range: ClosedRange<Int64>
        let payload: AnyObject

        init(_ range: ClosedRange<Int64>, _ payload: AnyObject) {
            self.range = range
            self.payload = payload
        }
    }

    enum ByName: TableKeying {
        static func key(of log: LiveLog) -> LogName { log.name }
    }

    static let none = UInt32.max
    /// What an idle log costs besides its text, for the bound on recent bytes: object, table entries.
    static let overheadBytes = 512

    // What each event needs comes first and fits two or three cache lines: with thousands of logs all of it is cold. Exclusive access to
    // the parts that change for each event is not checked at run time.

    /// Nil while no log has this name.
    var ref: LogRef?
    var head = Head.unknown
    var hasEnded = false
    /// The log is gone from the store, and no new one has its name yet.
    var isRemoved = false
    var isDirty = false
    /// Whether something of this tick was given to a reader's output.
    var leftInTick = false
    /// Whether the hub has an ``AwaitedTick`` of it.
    var isAwaited = false
    /// Counts the states that readers were told of.
    var statusVersion: UInt16 = 0
    /// The last event that is known to exist; the recent events may lag behind it or be empty.
    var lastSequence: Int64 = 0
    /// The first event that came in this tick; 0: none.
    var tickFirst: Int64 = 0
    @exclusivity(unchecked) var recent = EncodedEvents()
    /// Slots of the readers of this log alone.
    @exclusivity(unchecked) var members = LogMembers()
    @exclusivity(unchecked) var combined: [CombinedMember] = []
    /// Its place in the hub's table.
    let index: UInt32
    /// Tells runs apart, also over a new use of `index`.
    var run: UInt32
    @exclusivity(unchecked) var tickStatuses: [TickStatus] = []
    /// Events of this tick of which the caller told when they were emitted, and when the first of them was.
    var tickEmissionCount: UInt32 = 0
    /// What `RecentLogs` keeps of it: what it counts for, 0 while it holds nothing; its place there; when it got its last event.
    var recentBytes: UInt32 = 0
    var tickEmittedAtNs = UInt64.max
    var newestProgress: Int64 = 0
    var recentPlace: UInt32 = 0
    var recentTouch: UInt32 = 0

    // The rest is needed when readers come or lag.

    var epoch: Epoch?
    let name: LogName
    var trimmedThrough: Int64 = 0
    /// The last snapshot that came while there were readers.
    var statusSnapshot: [UInt8] = []
    /// The last piece that was cut out for readers behind the end, for the next one that needs the same.
    var sharedPiece: SharedPiece?

    init(name: LogName, index: UInt32, run: UInt32) {
        self.name = name
        self.index = index
        self.run = run
    }

    var hasReaders: Bool { !members.isEmpty || !combined.isEmpty }

    var extent: LogExtent? {
        guard let ref, let epoch else { return nil }
        return LogExtent(
            ref: ref, epoch: epoch, lastSequence: lastSequence, trimmedThrough: trimmedThrough, hasEnded: hasEnded)
    }

    /// The last event before this tick.
    var tickBase: Int64 { tickFirst == 0 ? lastSequence : tickFirst - 1 }

    /// Takes what somebody else knows of the same run; knowledge only grows.
    func learn(_ extent: LogExtent) {
        lastSequence = max(lastSequence, extent.lastSequence)
        trimmedThrough = max(trimmedThrough, extent.trimmedThrough)
        hasEnded = hasEnded || extent.hasEnded
    }

    /// Begins another run: nothing of the old one holds any more.
    func begin(run: UInt32, ref: LogRef, epoch: Epoch) {
        self.run = run
        self.ref = ref
        self.epoch = epoch
        lastSequence = 0
        trimmedThrough = 0
        hasEnded = false
        isRemoved = false
        newestProgress = 0
        recent = EncodedEvents()
        sharedPiece = nil
        isAwaited = false
        endTick()
    }

    /// Adds a commit's events to the recent ones. Those that are there already are left out. How many were new, and bytes of their text.
    func append(_ run: CommitTexts.Run, _ pieces: CommitTexts.Pieces) -> (count: Int, byteCount: Int) {
        var skipped = 0
        if !recent.isEmpty, run.first <= recent.last {
            guard recent.last - run.first < Int64(run.count) - 1 else { return (0, 0) }
            skipped = Int(recent.last - run.first) + 1
        }
        let first = run.first + Int64(skipped)
        // A hole in what the store tells: the recent events begin anew behind it, and readers fetch what they miss.
        if !recent.isEmpty, first != recent.last + 1 {
            recent.removeAll(next: first)
            tickFirst = 0
        }
        recent.append(run, pieces, skipping: skipped)
        if tickFirst == 0 { tickFirst = first }
        newestProgress = max(newestProgress, run.newestProgress)
        lastSequence = max(lastSequence, run.first + Int64(run.count) - 1)
        let skippedBytes = skipped == 0 ? 0 : Int(pieces.marks[run.firstMark + skipped].start)
        return (run.count - skipped, run.byteCount - skippedBytes)
    }

    /// How far a reader that stands at `sequence` has lost events; nil when the next one can still be had.
    func lostThrough(after sequence: Int64) -> Int64? {
        sequence < trimmedThrough ? min(trimmedThrough, max(lastSequence, sequence + 1)) : nil
    }

    func endTick() {
        isDirty = false
        leftInTick = false
        tickFirst = 0
        if !tickStatuses.isEmpty { tickStatuses = [] }
        tickEmissionCount = 0
        tickEmittedAtNs = .max
    }
}

/// A tick that was too much for one flush: readers that had everything up to `after` wait for their turns at what follows, until so many
/// were given. A plain value.
struct AwaitedTick {
    var after: Int64
    var untilTurn: UInt64
}
