import CLoad

/// What is known of the jobs that an activity has under way, and what became of those that ended. Flat arrays, since thousands of
/// jobs begin and end in a second. Engine's thread only.
final class JobBook {
    private static let maxIdBytes = 64
    private let ids: UnsafeMutablePointer<UInt8>
    private var idLengths: [UInt8]
    /// When the job's POST was planned.
    var planned: [UInt64]
    private(set) var created = 0
    private(set) var createErrors = 0
    private(set) var completed = 0
    private(set) var failed = 0
    private(set) var lossyJobs = 0
    private(set) var lostEvents = 0
    var reconnects = 0
    private var creation = LatencyHistogram.make()
    private var ending = LatencyHistogram.make()
    private(set) var lastCreateAt: UInt64 = 0
    private(set) var lastEndAt: UInt64 = 0

    init(capacity: Int) {
        ids = .allocate(capacity: capacity * Self.maxIdBytes)
        ids.initialize(repeating: 0, count: capacity * Self.maxIdBytes)
        idLengths = Array(repeating: 0, count: capacity)
        planned = Array(repeating: 0, count: capacity)
    }

    deinit { ids.deallocate() }

    func id(_ job: Int) -> (Bytes, Int) { (Bytes(ids) + job * Self.maxIdBytes, Int(idLengths[job])) }

    /// Takes the answer to a POST. False when it names no job.
    func didCreate(_ job: Int, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64) -> Bool {
        guard status == 202, let start = body.baseAddress,
            let found = cload_find(start, body.count, #""id":""#, 6)
        else {
            createErrors += 1
            return false
        }
        let end = start + body.count
        let id = found + 6
        var length = 0
        while id + length < end, id[length] != UInt8(ascii: "\""), length < Self.maxIdBytes { length += 1 }
        (ids + job * Self.maxIdBytes).update(from: id, count: length)
        idLengths[job] = UInt8(length)
        created += 1
        lastCreateAt = now
        creation.add(ns: now - planned[job])
        return true
    }

    /// Takes the end of a job's stream: its numbers must be 1, 2, 3 … without a hole, with one terminal event.
    /// - Parameter expected: numbered events, the terminal one included; nil: not known.
    func didEnd(_ job: Int, _ stream: StreamState, expected: Int?, now: UInt64) {
        lastEndAt = now
        ending.add(ns: now - planned[job])
        if stream.terminal == .completed { completed += 1 } else { failed += 1 }
        let last = stream.lastSequence == StreamState.noSequence ? 0 : Int(stream.lastSequence)
        let wanted = stream.terminal == .completed ? max(expected ?? last, last) : last
        if Int(stream.events) != wanted || stream.terminals != 1 {
            lossyJobs += 1
            lostEvents += max(0, wanted - Int(stream.events))
        }
    }

    /// The stream ended for good without a terminal event.
    func didLose(_ job: Int, _ stream: StreamState, expected: Int?, now: UInt64) {
        lastEndAt = now
        lossyJobs += 1
        lostEvents += max(1, (expected ?? 0) - Int(stream.events))
    }

    var ended: Int { completed + failed }

    func report(
        name: String, _ group: StreamGroup?, _ window: PhaseWindow, streams: Int, rssBytesPerStream: Double? = nil
    ) -> JobsReport {
        func rate(_ count: Int, until end: UInt64) -> Double {
            end > window.start ? Double(count) / (Double(end - window.start) / 1e9) : 0
        }
        let jobs = ended > 0 ? ended : created
        return JobsReport(
            name: name, created: created, createErrors: createErrors, completed: completed, failed: failed,
            jobsWithLostEvents: lossyJobs, lostEvents: lostEvents, reconnects: reconnects,
            createdPerS: rate(created, until: lastCreateAt), completedPerS: rate(completed, until: lastEndAt),
            createUs: creation.quantilesUs, endUs: ending.quantilesUs, eventUs: group?.latency.quantilesUs ?? .none,
            cpuMsPerJob: window.serverCpuS.flatMap { jobs > 0 ? $0 * 1000 / Double(jobs) : nil },
            generatorCpuUsPerJob: jobs > 0 ? window.generatorCpuS * 1e6 / Double(jobs) : 0, streams: streams,
            rssBytesPerStream: rssBytesPerStream)
    }
}

extension PhaseReport {
    /// The first activity with jobs is the phase's; further ones stand beside it.
    mutating func add(_ report: JobsReport) {
        if jobs == nil { jobs = report } else { otherJobs = (otherJobs ?? []) + [report] }
    }
}
