// The events of one commit as event-stream text, log by log. Made on the thread that committed them, where they are warm and where the
// arrays and names they come from are counted and freed anyway; the loop finds plain numbers and one piece of text, copies each log's
// part, and counts no reference. An immutable value once it is handed over.

import MillstreamJournal

/// What the hub is told of a commit's events. Built by any one thread, then read by the loop's.
public struct CommitTexts: Sendable {
    /// Consecutive events of one log; a plain value without references.
    struct Run {
        var ref: LogRef
        var first: Int64
        /// The last event that was committed. Events that do not follow the one before are without text: those who read them ask the
        /// store.
        var last: Int64
        /// The last event named `progress`; 0: none.
        var newestProgress: Int64 = 0
        /// Its place in the text.
        var start: Int
        var byteCount = 0
        /// Its place among the marks.
        var firstMark: Int
        /// Events with text.
        var count = 0
        var isChannel: Bool
    }

    /// What only a log that the hub does not know by its number needs.
    struct Head {
        var name: LogName
        var epoch: Epoch
    }

    /// All of it in memory that is valid during a call.
    struct Pieces {
        let runs: UnsafeBufferPointer<Run>
        let marks: UnsafeBufferPointer<EventMark>
        let bytes: UnsafeRawBufferPointer
    }

    private var runs: [Run] = []
    private(set) var heads: [Head] = []
    private var bytes: [UInt8] = []
    /// Their places count from the start of their run.
    private var marks: [EventMark] = []

    public init() {}

    /// How many logs were added.
    public var count: Int { runs.count }

    /// Bytes of text.
    public var byteCount: Int { bytes.count }

    /// Makes room for so many events with so many bytes of data in all, and no more: arrays that double would hold what they do not need
    /// for as long as the commit waits for the loop.
    public mutating func reserve(logs: Int, events: Int, dataBytes: Int) {
        runs.reserveCapacity(logs)
        heads.reserveCapacity(logs)
        marks.reserveCapacity(events)
        bytes.reserveCapacity(dataBytes + events * EventText.usualOverheadBytes)
    }

    /// Adds events of one log, which are consecutive and ascending.
    public mutating func append(_ name: LogName, _ ref: LogRef, _ epoch: Epoch, _ events: [EventRecord]) {
        var isChannel = false
        if case .channel = name { isChannel = true }
        let first = events.first?.sequence ?? 0
        var run = Run(
            ref: ref, first: first, last: events.last?.sequence ?? 0, start: bytes.count, firstMark: marks.count,
            isChannel: isChannel)
        // By index: an event that is handed out is retained, with its name and text.
        for index in events.indices {
            let sequence = events[index].sequence
            guard sequence == first + Int64(run.count) else { break }
            let mark = EventText.append(events[index], epoch, to: &bytes, from: run.start)
            marks.append(mark)
            if mark.isProgress { run.newestProgress = sequence }
            run.count += 1
        }
        run.byteCount = bytes.count - run.start
        runs.append(run)
        heads.append(Head(name: name, epoch: epoch))
    }

    func withPieces(_ body: (Pieces) -> Void) {
        runs.withUnsafeBufferPointer { runs in
            marks.withUnsafeBufferPointer { marks in
                bytes.withUnsafeBytes { bytes in
                    body(Pieces(runs: runs, marks: marks, bytes: bytes))
                }
            }
        }
    }

    /// The logs of jobs at these places, and the last event of each.
    public func forEachJob(at places: Range<Int>, _ body: (LogRef, _ last: Int64) -> Void) {
        runs.withUnsafeBufferPointer { runs in
            for place in places where !runs[place].isChannel && runs[place].last > 0 {
                body(runs[place].ref, runs[place].last)
            }
        }
    }
}
