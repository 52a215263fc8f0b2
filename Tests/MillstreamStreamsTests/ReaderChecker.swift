// Reads what one reader got as a client would, and compares it with the logs as they were: every event once and in order, every
// hole announced exactly, only progress conflated, the terminal event last.

import MillstreamJSON
import MillstreamJournal
import MillstreamSSE

struct ReaderChecker {
    /// Where the reader stands in one log, as it can tell from what it got.
    enum Place {
        /// Before anything of the log came: the cursor that it brought.
        case unresolved(String?)
        case at(TestStore.Run, Int64)
    }

    struct Log {
        let name: LogName
        var place: Place
        /// Of the run at the time of opening: its events up to here were history then.
        let runAtOpen: TestStore.Run?
        let historyThrough: Int64
        var status: String?
        var hasTerminal = false
    }

    let store: TestStore
    var logs: [Log]
    let hasLagged: Bool
    private(set) var problems: [String] = []
    private(set) var hasClosing = false
    private(set) var conflated = 0
    private(set) var eventCount = 0

    init(store: TestStore, logs: [Log], hasLagged: Bool) {
        self.store = store
        self.logs = logs
        self.hasLagged = hasLagged
    }

    private var isSingle: Bool { logs.count == 1 }

    mutating func read(_ bytes: [UInt8]) {
        var parser = SSEParser()
        var events: [ServerSentEvent] = []
        parser.push(bytes) { events.append($0) }
        if case .job = logs[0].name {
            if let first = events.first, first.name != "status", first.name != "closing" {
                fail("first event is \(first.name)")
            }
            if !events.isEmpty, parser.reconnectionTimeMs == nil { fail("no retry") }
        }
        var lastID = ""
        for event in events {
            if hasClosing { fail("\(event.name) behind closing") }
            switch event.name {
            case "status": status(event)
            case "gap": gap(event)
            case "closing": hasClosing = true
            default:
                if event.id == lastID { fail("id \(event.id) twice") }
                lastID = event.id
                numbered(event)
            }
        }
        if let text = String(validating: bytes, as: UTF8.self) {
            if !text.isEmpty, !text.hasSuffix("\n\n"), !text.hasSuffix(": heartbeat\n") { fail("cut off") }
        } else {
            fail("not UTF-8")
        }
    }

    private mutating func fail(_ problem: String) { problems.append(problem) }

    private mutating func index(of data: String) -> Int {
        guard !isSingle else { return 0 }
        let source = (try? JSONText(validating: Array(data.utf8)))?.member("source")?.stringValue
        guard let index = logs.firstIndex(where: { $0.name.description == source }) else {
            fail("no source in \(data)")
            return 0
        }
        return index
    }

    private mutating func status(_ event: ServerSentEvent) {
        let index = index(of: event.data)
        if logs[index].hasTerminal { fail("status behind the terminal event") }
        logs[index].status = event.data
    }

    // MARK: Numbered events

    private mutating func numbered(_ event: ServerSentEvent) {
        let parts = event.id.split(separator: "-").map(String.init)
        let index = isSingle ? 0 : Int(parts[0]) ?? 0
        guard isSingle ? parts.count == 2 : parts.count == 2 * logs.count + 1, index < logs.count else {
            return fail("bad id \(event.id)")
        }
        let radix = isSingle ? 10 : 36
        let at = isSingle ? 0 : 1 + 2 * index
        guard let sequence = Int64(parts[at + 1], radix: radix), let run = run(parts[at], logs[index].name) else {
            return fail("unknown id \(event.id)")
        }
        eventCount += 1
        if logs[index].hasTerminal { fail("\(event.id) behind the terminal event") }
        expect(run, sequence, at: index, "event \(event.id)")
        logs[index].place = .at(run, sequence)
        guard sequence >= 1, sequence <= run.events.count else { return fail("\(event.id) does not exist") }
        let record = run.events[Int(sequence) - 1]
        if record.name != event.name || record.data.text != event.data { fail("\(event.id) has other data") }
        if record.name == "completed" { logs[index].hasTerminal = true }
        if !isSingle { compareToken(parts, index) }
    }

    /// The token must never claim more of another log than the reader got.
    private mutating func compareToken(_ parts: [String], _ index: Int) {
        for other in logs.indices where other != index {
            guard case .at(let run, let sequence) = logs[other].place, parts[1 + 2 * other] == run.epoch.text,
                let claimed = Int64(parts[2 + 2 * other], radix: 36)
            else { continue }
            if claimed != sequence { fail("token claims \(claimed) of log \(other), the reader has \(sequence)") }
        }
    }

    private func run(_ epoch: String, _ name: LogName) -> TestStore.Run? {
        store.runs.values.first { $0.epoch.text == epoch }
    }

    /// Whether this is the next event for the reader.
    private mutating func expect(_ run: TestStore.Run, _ sequence: Int64, at index: Int, _ what: String) {
        switch logs[index].place {
        case .at(let present, let last):
            if present !== run || sequence != last + 1 {
                fail("\(what) after \(present.epoch)-\(last)")
            }
        case .unresolved(let cursor):
            guard let cursor else {
                if sequence != 1 { fail("\(what) comes first") }
                return
            }
            if let id = EventID(cursor) {
                if id.epoch != run.epoch || sequence != id.sequence + 1 { fail("\(what) after cursor \(cursor)") }
            } else if Int64(cursor) != sequence - 1 {
                fail("\(what) after number \(cursor)")
            }
        }
    }

    // MARK: Gaps

    private mutating func gap(_ event: ServerSentEvent) {
        let index = index(of: event.data)
        guard let data = try? JSONText(validating: Array(event.data.utf8)),
            let from = data.member("from")?.stringValue, let reason = data.member("reason")?.stringValue
        else { return fail("bad gap \(event.data)") }
        if logs[index].hasTerminal, reason != "epoch" { fail("gap behind the terminal event") }
        if reason == "epoch" {
            if data.member("to")?.isNull != true { fail("epoch gap with an end") }
            expectCursor(from, index)
            logs[index].place = .unresolved(nil)
            logs[index].hasTerminal = false
            return
        }
        guard let first = EventID(from), let last = data.member("to")?.stringValue.flatMap({ EventID($0) }),
            first.epoch == last.epoch, first.sequence <= last.sequence,
            let run = run(first.epoch.text, logs[index].name), last.sequence <= run.events.count
        else { return fail("bad gap \(event.data)") }
        expect(run, first.sequence, at: index, "gap from \(from)")
        logs[index].place = .at(run, last.sequence)
        if reason == "retention" {
            if last.sequence > run.trimmedThrough, !run.isRemoved { fail("gap \(event.data) but nothing was trimmed") }
        } else {
            skipped(run, first.sequence...last.sequence, index, reason)
        }
    }

    private mutating func skipped(_ run: TestStore.Run, _ lost: ClosedRange<Int64>, _ index: Int, _ reason: String) {
        if reason != "slow_reader" { fail("reason \(reason)") }
        if !hasLagged { fail("conflated although it never lagged") }
        if logs[index].runAtOpen === run, lost.lowerBound <= logs[index].historyThrough { fail("conflated history") }
        for sequence in lost where run.events[Int(sequence) - 1].name != "progress" { fail("lost \(sequence)") }
        let rest = run.events[Int(lost.upperBound)...]
        if !rest.contains(where: { $0.name == "progress" }) { fail("the newest progress was left out") }
        conflated += lost.count
    }

    private mutating func expectCursor(_ from: String, _ index: Int) {
        switch logs[index].place {
        case .at(let run, let sequence):
            if from != "\(run.epoch)-\(sequence)" { fail("epoch gap from \(from), at \(run.epoch)-\(sequence)") }
        case .unresolved(let cursor?):
            if from != cursor, !from.hasSuffix("-" + cursor) { fail("epoch gap from \(from), cursor \(cursor)") }
        case .unresolved(nil):
            if !from.hasSuffix("-0") { fail("epoch gap from \(from) without a cursor") }
        }
    }

    // MARK: At the end

    /// All is answered and drained: the reader has everything.
    mutating func expectEverything(isFinished: Bool) {
        guard !hasClosing else {
            if !isFinished { fail("closing without the end") }
            return
        }
        for log in logs {
            if let run = store.run(log.name) {
                let last = Int64(run.events.count)
                let hasAll =
                    switch log.place {
                    case .at(let present, let sequence): present === run && sequence == last
                    case .unresolved(let cursor): last == 0 || hasAllByCursor(cursor, run)
                    }
                if !hasAll, !isFinished { fail("\(log.name) is at \(describe(log.place)) of \(run.epoch)-\(last)") }
                if !isFinished, case .job = log.name, !run.hasEnded, !hasStatus(log, run) {
                    fail("\(log.name) has an old state \(log.status ?? "none")")
                }
            }
            if isFinished, case .job = log.name, case .at(let run, let sequence) = log.place {
                if sequence != run.events.count || !run.hasEnded { fail("\(log.name) ended at \(sequence)") }
            }
            if isFinished, case .channel = log.name { fail("a channel ended") }
        }
        let allEnded = logs.allSatisfy { log in
            if case .job = log.name { store.run(log.name)?.hasEnded ?? true } else { false }
        }
        if allEnded, !isFinished { fail("all logs have ended and the stream goes on") }
    }

    private func hasAllByCursor(_ cursor: String?, _ run: TestStore.Run) -> Bool {
        guard let cursor else { return false }
        if let id = EventID(cursor) { return id.epoch == run.epoch && id.sequence == run.events.count }
        return Int64(cursor) == Int64(run.events.count)
    }

    private func hasStatus(_ log: Log, _ run: TestStore.Run) -> Bool {
        let snapshot = String(decoding: run.snapshot, as: UTF8.self)
        return log.status?.hasSuffix(snapshot.dropFirst()) == true
    }

    private func describe(_ place: Place) -> String {
        switch place {
        case .at(let run, let sequence): "\(run.epoch)-\(sequence)"
        case .unresolved(let cursor): "cursor \(cursor ?? "none")"
        }
    }
}
