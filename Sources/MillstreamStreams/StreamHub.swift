// Owns the logs that have readers or recent events, and the state of all readers. What is committed comes in, what was asked of
// the store comes in, and once per tick everything leaves: one payload per log for all readers that are at its end, shared
// pieces of the log for those that are behind. Loop-confined, without a clock, a socket or a thread of its own. It never
// decides about jobs, never blocks, never copies for a reader that lags: such a reader is a number in its log.

import MillstreamJournal

/// The fan-out of all logs to all readers. Not Sendable; every call on the loop's thread.
///
/// A tick: any number of the calls below, then one ``flush()``. Nothing is sent before that, the end of all streams aside.
public final class StreamHub {
    public let settings: StreamSettings
    @exclusivity(unchecked) public internal(set) var metrics = StreamMetrics()
    /// Called in ``flush()``, and where a log goes or begins anew, for logs of which events left for at least one reader's output in
    /// their tick: how many events, and the earliest time that ``commit(_:at:emittedAtNs:)`` was given for them. Logs that follow each
    /// other with the same time, as those of one commit do, are told of together. For the latency from emission to socket.
    @exclusivity(unchecked) public var didDeliver: ((_ eventCount: Int, _ emittedAtNs: UInt64) -> Void)?

    // Retained and constant: what the compiler knows to stay alive it need not count, and a count is two locked instructions for each
    // event, of which each waits for all memory that was asked for before it. `unowned(unsafe)` is counted at each call.
    let output: any ReaderOutput
    // The server owns the hub and its source, and lets go of them together.
    unowned(unsafe) let source: any LogSource

    // Looked at for each event: exclusive access to these is not checked at run time.
    @exclusivity(unchecked) var logs: [LiveLog?] = []
    var freeLogs: [UInt32] = []
    var names = ObjectTable<LiveLog.ByName>()
    /// The same logs by their numbers.
    let refs = RefTable()
    var lastRun: UInt32 = 0
    /// Logs with news, until the end of the flush. Not counted: none of them is let go of before that.
    @exclusivity(unchecked) var dirtyLogs: [Unmanaged<LiveLog>] = []
    /// Logs that may have lost their last reader or their last recent event.
    @exclusivity(unchecked) var idleLogs: [UInt32] = []
    /// Logs that hold a shared piece: until the end of the flush, a few of them as long as readers wait for their turns.
    var logsWithPieces: [UInt32] = []
    /// Events of which ``didDeliver`` is not told yet, and their time.
    @exclusivity(unchecked) var leftCount = 0
    @exclusivity(unchecked) var leftEmittedAtNs: UInt64 = 0
    @exclusivity(unchecked) var recent = RecentLogs()
    @exclusivity(unchecked) var pages = PageDesk()

    let readers = ReaderTable()
    /// Readers that had everything before this tick and could not share the payload of a log's news: those of several logs, those
    /// that read a page ahead of a commit's notice. Filled and looked at in the same flush, ahead of the backlog.
    var news: [ReaderID] = []
    /// Readers that came, drained, got a page or have more to get than a tick sends: they are looked at in turn, after all news.
    var backlog = ReaderBacklog()
    /// ``spent`` at which the turns of a tick are over; who has more to get by then waits for another.
    var turnsEndAt = UInt64.max
    /// What is sent beyond this in the fan-out of a tick goes in turns; compared with the bytes that were delivered.
    var fanOutEndsAt = UInt64.max
    /// Large ticks that readers get in turns, by the log's place.
    var awaitedTicks: [UInt32: AwaitedTick] = [:]
    /// What the last flush sent to readers that were behind, in bytes; each send counts as the bytes that could leave meanwhile.
    public internal(set) var turnsCost: UInt64 = 0
    var prefaces: [UInt32: [UInt8]] = [:]
    var unresolved: [UInt32: StartPoint] = [:]
    var combined: [UInt32: CombinedReader] = [:]

    /// What `expect` saw, which tells nothing.
    @exclusivity(unchecked) var lookedAt: UInt = 0

    let startMs: UInt64
    @exclusivity(unchecked) var nowMs: UInt64
    var spread: SpreadSource
    var nextStripe = 0
    var nextStripeAtMs: UInt64
    var isDraining = false
    let heartbeat: AnyObject

    /// - Parameters:
    ///   - output: the sockets; retained, so it does not retain the hub.
    ///   - source: the store's reading half; not retained.
    ///   - nowMs: a monotonic time in milliseconds; later calls bring the same clock.
    ///   - seed: of the spread of `retry` and maximum age.
    public init(
        settings: StreamSettings, output: any ReaderOutput, source: any LogSource, nowMs: UInt64, seed: UInt64
    ) {
        self.settings = settings
        self.output = output
        self.source = source
        self.nowMs = nowMs
        startMs = nowMs
        nextStripeAtMs = nowMs + Self.stripeMs
        spread = SpreadSource(seed: seed)
        heartbeat = Self.payload(Self.heartbeatText, output)
    }

    // MARK: Logs by name and number

    func find(_ name: LogName) -> LiveLog? {
        names[name]
    }

    func findOrMake(_ name: LogName) -> LiveLog {
        if let log = find(name) { return log }
        let index = freeLogs.popLast() ?? UInt32(logs.count)
        let log = LiveLog(name: name, index: index, run: nextRun())
        if Int(index) == logs.count { logs.append(log) } else { logs[Int(index)] = log }
        names[name] = log
        metrics.logs += 1
        idleLogs.append(index)
        return log
    }

    func log(_ index: UInt32) -> LiveLog {
        guard let log = logs[Int(index)] else { preconditionFailure("a reader's log is in the table") }
        return log
    }

    func nextRun() -> UInt32 {
        lastRun &+= 1
        return lastRun
    }

    func markDirty(_ log: LiveLog) {
        guard !log.isDirty else { return }
        log.isDirty = true
        dirtyLogs.append(.passUnretained(log))
    }

    /// Drops logs that nobody reads and of which nothing is held.
    func dropIdleLogs() {
        for index in idleLogs {
            guard let log = logs[Int(index)], !log.hasReaders, !log.isDirty else { continue }
            log.statusSnapshot = []
            guard log.recent.isEmpty else { continue }
            recent.remove(log, in: logs)
            names[log.name] = nil
            refs.remove(log)
            logs[Int(index)] = nil
            freeLogs.append(index)
            metrics.logs -= 1
        }
        idleLogs.removeAll(keepingCapacity: true)
    }

    // MARK: Small things

    static func payload(_ text: [UInt8], _ output: any ReaderOutput) -> AnyObject {
        text.withUnsafeBytes { output.makePayload($0) }
    }

    func payload(_ text: [UInt8]) -> AnyObject { Self.payload(text, output) }

    func tenths(_ timeMs: UInt64) -> UInt32 {
        UInt32(clamping: (max(timeMs, startMs) - startMs) / 100)
    }
}
