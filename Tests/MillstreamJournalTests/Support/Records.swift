// Records with defaults that matter to no test.

import MillstreamJSON
import MillstreamJournal

func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

func json(_ text: String) -> JSONText { JSONText(trusted: Array(text.utf8)) }

func makeJob(
    _ ref: Int64, _ id: String, kind: String = "demo", state: JobState = .queued, owner: String? = nil,
    input: String = "{}", epoch: String = "aaaaaa"
) -> JobRecord {
    var job = JobRecord(
        ref: LogRef(ref), id: JobID(trusted: id), kind: kind, input: StoredValue(json(input)),
        epoch: Epoch(epoch)!, createdAt: time(1000 + ref))
    job.state = state
    job.owner = owner
    if state.isTerminal { job.finishedAt = time(5000 + ref) }
    return job
}

/// A record in which no member has its default.
func makeFullJob(_ ref: Int64, _ id: String) -> JobRecord {
    var job = makeJob(ref, id, kind: "resize", state: .failed, owner: "ann", input: #"{"a":[1,2.50,"\u00e9"]}"#)
    job.attempt = 3
    job.progress = 41.5
    job.result = StoredValue(json(#""done""#))
    job.error = JobError(code: "exit_status", message: "it \"broke\"\n", stderr: ["one", "two, \u{1F600}", ""])
    job.viewers = ["bob", "c,d"]
    job.priority = -7
    job.timeoutMs = 90_000
    job.runAt = time(1)
    job.startedAt = time(2)
    job.finishedAt = time(3)
    job.queueOrder = 12
    job.dueAt = time(4)
    job.cancelRequested = true
    job.workerSequence = 8
    job.messageCount = 9
    job.processGroup = ProcessGroup(id: 4711, startTicks: .max, bootID: "b-1")
    job.uploads = ["u1", "u2"]
    job.lastSequence = 10
    job.trimmedThrough = 2
    job.logBytes = 333
    job.revision = 44
    return job
}

func makeEvent(_ sequence: Int64, _ name: String = "progress", data: String? = nil, at: Int64? = nil) -> EventRecord {
    EventRecord(
        sequence: sequence, name: name, data: json(data ?? #"{"n":\#(sequence)}"#), time: time(at ?? sequence * 10))
}

func makeChannel(_ ref: Int64, _ name: String, last: Int64 = 0, trimmed: Int64 = 0) -> ChannelRecord {
    var channel = ChannelRecord(ref: LogRef(ref), name: name, epoch: Epoch("cccccc")!, createdAt: time(ref))
    channel.lastSequence = last
    channel.trimmedThrough = trimmed
    return channel
}

func makeKey(_ key: String, ref: Int64, at: Int64 = 100) -> IdempotencyRecord {
    IdempotencyRecord(
        key: key, fingerprint: UInt128.max - UInt128(ref), job: JobID(trusted: "job-\(ref)"), ref: LogRef(ref),
        createdAt: time(at))
}

func makeUpload(_ id: String, at: Int64 = 100) -> UploadRecord {
    UploadRecord(id: id, name: "café.wav", contentType: "audio/wav", byteCount: 1234, createdAt: time(at))
}

/// Events 1 to `count` of one log.
func makeEvents(_ ref: Int64, _ range: ClosedRange<Int64>) -> [JournalMutation] {
    range.map { .append(LogRef(ref), makeEvent($0), nil) }
}

extension JournalReading {
    func allEvents(_ ref: Int64, after: Int64 = 0) throws -> [EventRecord] {
        try events(of: LogRef(ref), after: after, limit: 1_000_000, maxBytes: .max)
    }

    func jobIDs(_ filter: JobFilter = JobFilter(), before: Int64? = nil, limit: Int = 1000) throws -> [String] {
        try jobs(filter, before: before.map { LogRef($0) }, limit: limit).map(\.id.text)
    }
}
