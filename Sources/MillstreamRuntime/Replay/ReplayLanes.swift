import Glibc
import MillstreamJournal
import MillstreamLoop

// Reads beside the journal lane: a few threads, each with a reading connection of its own, so that a replay waits neither for a
// commit nor for a long list. The loop asks and never waits; results come back through its mailbox.

/// The reading threads. All but the last serve pages, heads and jobs; the last serves lists (with one reader, it serves all).
public final class ReplayLanes: Sendable {
    private let pages: ReadQueue
    private let lists: ReadQueue
    private let threads: Locked<[LaneThread]>

    /// Starts one thread per reader.
    /// - Parameters:
    ///   - readers: from ``JournalLane/start(readers:surroundings:open:)``, at least one.
    ///   - maxQueued: reads that wait at a time, of each sort.
    ///   - deliver: to the loop, on a reading thread; false when its mailbox is full: then it is called again.
    public init(
        readers: [JournalReaderHandover], maxQueued: Int = 4096, deliver: @escaping @Sendable (ReadReport) -> Bool
    ) {
        precondition(!readers.isEmpty, "replay needs a reader")
        let pages = ReadQueue(maxQueued: maxQueued)
        let lists = readers.count > 1 ? ReadQueue(maxQueued: maxQueued) : pages
        self.pages = pages
        self.lists = lists
        let started = readers.enumerated().map { index, handover in
            let queue = index == readers.count - 1 ? lists : pages
            return LaneThread(name: "replay-\(index)") {
                guard let reader = handover.take() else { return }
                ReplayLane(reader: reader, queue: queue, deliver: deliver).run()
            }
        }
        threads = Locked(started)
    }

    /// Queues a read. Never blocks; any thread. False when too many wait (answer 503, or close the stream) or after `stop`.
    public func read(_ request: ReadRequest, ticket: LaneTicket) -> Bool {
        (request.isList ? lists : pages).add(request, ticket)
    }

    /// Reads that wait now.
    public var depth: Int { pages.depth + (lists === pages ? 0 : lists.depth) }

    /// Reads that were refused because too many waited, since the start.
    public var refusedCount: UInt64 { pages.refused + (lists === pages ? 0 : lists.refused) }

    /// Drops what waits, ends the read under way and waits for the threads. Blocks.
    public func stop() {
        pages.close()
        lists.close()
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
    }
}

/// The requests of one or more reading threads.
final class ReadQueue: @unchecked Sendable {
    // Sendable: the rest is touched only with `condition` held.
    private let condition = ConditionLock()
    private let maxQueued: Int
    private var requests = FIFO<(ReadRequest, LaneTicket)>()
    private var isClosed = false
    private var refusedCount: UInt64 = 0

    init(maxQueued: Int) {
        self.maxQueued = maxQueued
    }

    func add(_ request: ReadRequest, _ ticket: LaneTicket) -> Bool {
        condition.withLock {
            guard !isClosed else { return false }
            guard requests.count < maxQueued else {
                refusedCount += 1
                return false
            }
            requests.append((request, ticket))
            condition.signal()
            return true
        }
    }

    /// The next request; nil after `close`.
    func next() -> (ReadRequest, LaneTicket)? {
        condition.withLock {
            while !isClosed {
                if let request = requests.popFirst() { return request }
                condition.wait()
            }
            return nil
        }
    }

    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    var depth: Int { condition.withLock { requests.count } }
    var refused: UInt64 { condition.withLock { refusedCount } }
    var hasClosed: Bool { condition.withLock { isClosed } }
}
