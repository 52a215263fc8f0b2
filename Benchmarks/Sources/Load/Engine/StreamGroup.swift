/// Streams that are opened, counted and reported together. Engine's thread only.
final class StreamGroup {
    let name: String
    let number: UInt16
    let reading: ReaderGroup.Reading
    /// Reader i is on channel i modulo this; 0: its owner writes the requests (jobs).
    let channels: Int
    let receiveBuffer: Int
    let bytesPerS: Int
    /// Slots of the engine's table.
    let slots: Range<Int>
    let tally: UnsafeMutablePointer<Tally>
    /// Hears of opens and ends; one at a time.
    weak var observer: (any StreamObserver)?
    /// Cut by us, to be resumed later.
    var isCut = false
    /// All of it came back at once: it is read behind the others. Changes only while none of its streams is open.
    var isCrowd = false
    /// Streams that never opened.
    var failed = 0
    /// Of the present phase.
    var expected = 0
    var latency = LatencyHistogram.make()
    private(set) var atPhaseStart = StreamCounts.zero

    init(_ group: ReaderGroup, number: UInt16, slots: Range<Int>, isJobs: Bool) {
        name = group.name
        self.number = number
        reading = group.reading
        channels = isJobs ? 0 : group.channels
        receiveBuffer = group.receiveBuffer
        bytesPerS = group.bytesPerS
        self.slots = slots
        tally = .allocate(capacity: 1)
        tally.initialize(to: Tally())
        tally.pointee.timesReplay = isJobs
    }

    deinit {
        tally.deinitialize(count: 1)
        tally.deallocate()
    }

    /// Whether its events count in a phase's sums.
    var counts: Bool { reading == .all }

    func channel(of slot: Int) -> Int { channels > 0 ? (slot - slots.lowerBound) % channels : 0 }

    func beginPhase() {
        expected = 0
        tally.pointee.firstEventAt = 0
        tally.pointee.lastEventAt = 0
        tally.pointee.latency.reset()
        latency.reset()
        atPhaseStart = total
    }

    /// Events since the phase began.
    var received: Int { tally.pointee.events - atPhaseStart.events }

    /// Takes the last second's latencies to the phase's.
    func mergeSecond() {
        latency.add(tally.pointee.latency)
        tally.pointee.latency.reset()
    }

    var phaseCounts: StreamCounts {
        var counts = total.less(atPhaseStart)
        counts.expected = expected
        counts.missing = expected > 0 ? expected - counts.events : 0
        return counts
    }

    private var total: StreamCounts {
        let tally = tally.pointee
        return StreamCounts(
            events: tally.events, expected: 0, missing: 0, gaps: tally.gaps, duplicates: tally.duplicates,
            gapEvents: tally.gapEvents, unreadableIds: tally.unreadableIds, comments: tally.comments,
            disconnects: tally.disconnects, bytes: tally.bytes, reads: tally.reads)
    }
}

/// What the owner of a group does about its streams.
protocol StreamObserver: AnyObject {
    /// The reply's head came, with 200.
    func streamDidOpen(_ slot: Int, now: UInt64)
    /// It could not be opened: an `errno`, or the status of the reply.
    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64)
    /// The body has ended, as it should (`isWhole`) or not.
    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64)
    func streamDidRead(_ slot: Int, now: UInt64)
    /// The request for a group that has no channels.
    func writeRequest(_ slot: Int, _ writer: inout RequestWriter)
}

extension StreamObserver {
    func streamDidEnd(_ slot: Int, isWhole: Bool, now: UInt64) {}
    func streamDidRead(_ slot: Int, now: UInt64) {}
    func writeRequest(_ slot: Int, _ writer: inout RequestWriter) {}
}

extension StreamCounts {
    private func combined(_ other: StreamCounts, _ operation: (Int, Int) -> Int) -> StreamCounts {
        StreamCounts(
            events: operation(events, other.events), expected: operation(expected, other.expected),
            missing: operation(missing, other.missing), gaps: operation(gaps, other.gaps),
            duplicates: operation(duplicates, other.duplicates), gapEvents: operation(gapEvents, other.gapEvents),
            unreadableIds: operation(unreadableIds, other.unreadableIds),
            comments: operation(comments, other.comments), disconnects: operation(disconnects, other.disconnects),
            bytes: operation(bytes, other.bytes), reads: operation(reads, other.reads))
    }

    func less(_ other: StreamCounts) -> StreamCounts { combined(other, -) }

    func plus(_ other: StreamCounts) -> StreamCounts { combined(other, +) }

    /// What must not happen to a stream that reads.
    var faults: Int { gaps + duplicates + disconnects }
}
