import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// The journal lane as others see it: where commands go in, and where the lane is started and stopped. The work is JournalWriter's,
// on the lane's own thread; what crosses is LaneEntry in, LaneReport and WorkerDirective out.

/// The store's writing half and the ledger over it, made on the lane's thread and never seen by another.
public struct LaneJournal {
    public let store: any JournalStore
    public let ledger: JobLedger

    public init(store: any JournalStore, ledger: JobLedger) {
        self.store = store
        self.ledger = ledger
    }
}

/// What the lane is connected to. All closures run on the lane's thread.
public struct LaneSurroundings: Sendable {
    public var clock: @Sendable () -> LedgerTime
    /// To the loop: makes the message of a report, once, and gives what posts it. That is false when the mailbox is full: the lane
    /// waits and calls it again.
    public var delivery: @Sendable (LaneReport) -> () -> Bool
    /// To the workers; must not block.
    public var direct: @Sendable ([WorkerDirective]) -> Void

    public init(
        clock: @escaping @Sendable () -> LedgerTime = LedgerTime.current,
        delivery: @escaping @Sendable (LaneReport) -> () -> Bool,
        direct: @escaping @Sendable ([WorkerDirective]) -> Void
    ) {
        self.clock = clock
        self.delivery = delivery
        self.direct = direct
    }
}

/// The one thread that decides and stores. Made first, because workers need it; started when all it talks to is there.
public final class JournalLane: Sendable {
    let queue: LaneQueue
    private let limits: LaneLimits
    private let running = Locked<LaneThread?>(nil)
    private let unstored = Locked(0)

    public init(limits: LaneLimits = LaneLimits()) {
        self.limits = limits
        queue = LaneQueue(limits: limits)
    }

    /// Opens the store, recovers the ledger and starts to work. Returns when that is done: call it before the loop runs. The
    /// outcome of the recovery is the first report.
    /// - Parameters:
    ///   - readers: how many reading halves to make for ``ReplayLanes``.
    ///   - open: makes store and ledger; runs on the lane's thread.
    /// - Returns: the readers.
    /// - Throws: what `open`, the recovery or the store threw; the lane is over then.
    public func start(
        readers: Int = 2, surroundings: LaneSurroundings,
        open: @escaping @Sendable () throws(JournalError) -> LaneJournal
    ) throws(JournalError) -> [JournalReaderHandover] {
        let opened = LaneOpening()
        let (queue, limits, unstored) = (queue, limits, unstored)
        let thread = LaneThread(name: "journal", turns: .prompt) {
            let writer = opened.perform(
                { () throws(JournalError) in
                    let journal = try open()
                    var handovers: [JournalReaderHandover] = []
                    for _ in 0..<readers { handovers.append(JournalReaderHandover(try journal.store.makeReader())) }
                    let writer = JournalWriter(
                        journal: journal, queue: queue, limits: limits, surroundings: surroundings)
                    try writer.recover()
                    return (writer, handovers)
                }, didFail: { queue.close() })
            guard let writer else { return }
            let lost = writer.run()
            unstored.withLock { $0 = lost }
        }
        running.withLock { $0 = thread }
        return try opened.wait()
    }

    /// Queues a command of the loop. Never blocks; any thread. Commands with an answer get it in a ``LaneReport`` under the
    /// ticket, once. False when they are too many (answer 503), or the lane stops: nothing was queued then.
    public func submit(_ command: LedgerCommand, ticket: LaneTicket? = nil) -> Bool {
        queue.submit(LaneEntry(command, share: command.isAnswered ? .caller : .control, ticket: ticket))
    }

    /// What was made on the lane's thread and is done with: it is let go of there, after the lane's next report. A few at a time; more go at
    /// once. Never blocks; any thread.
    public func giveBack(_ spent: any AnyObject & Sendable) {
        queue.giveBack(spent)
    }

    /// Whether events or commands wait for a commit, or for its report. Any thread.
    public var owesReport: Bool { queue.owesReport }

    /// How often each bound of the queue was reached. Any thread.
    public var measures: LaneQueueMeasures {
        let hits = queue.hits
        return LaneQueueMeasures(
            refusedCommands: hits.commands, refusedCommandBytes: hits.commandBytes, waitedEmissions: hits.emissions,
            waitedEmissionBytes: hits.emissionBytes)
    }

    /// Refuses all further commands, stores what is queued, closes the store and waits for that. Stop the workers first. Blocks;
    /// not for the loop's thread while the loop is still needed to drain its mailbox.
    /// - Returns: how many commands a faulty store did not take within `stopTimeoutMs`; 0 is the clean end.
    @discardableResult
    public func stop() -> Int {
        queue.close()
        running.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        return unstored.withLock { $0 }
    }
}

/// How often the bounds of what waits for the journal were reached, since the start.
public struct LaneQueueMeasures: Sendable, Hashable {
    /// Commands refused because there were too many, and because of their bytes.
    public var refusedCommands: UInt64
    public var refusedCommandBytes: UInt64
    /// Emissions whose worker had to wait because there were too many, and because of their bytes.
    public var waitedEmissions: UInt64
    public var waitedEmissionBytes: UInt64
}

extension LedgerTime {
    /// Both clocks now.
    public static func current() -> LedgerTime {
        LedgerTime(wall: .current(), monotonicMs: Int64(MonotonicTime.current().nanoseconds / 1_000_000))
    }
}
