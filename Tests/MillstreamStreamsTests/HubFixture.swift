// A hub with sockets and store in memory, and the server's part in short calls.

import MillstreamJournal
import MillstreamStreams

final class HubFixture {
    let output = TestOutput()
    let store = TestStore()
    let hub: StreamHub
    private(set) var nowMs: UInt64 = 1_000_000

    init(_ settings: StreamSettings = StreamSettings(), seed: UInt64 = 1) {
        output.nowMs = nowMs
        hub = StreamHub(settings: settings, output: output, source: store, nowMs: nowMs, seed: seed)
    }

    // MARK: Logs

    @discardableResult
    func create(_ name: LogName) -> TestStore.Run {
        let run = store.create(name)
        if case .job = name { setState("queued", name) }
        return run
    }

    /// Commits events and tells the hub.
    func commit(_ name: LogName, _ events: [(String, String)], emittedAtNs: UInt64? = nil) {
        let run = store.run(name) ?? create(name)
        let records = events.map { store.append($0.0, $0.1, to: run) }
        hub.commitEvents(name, run.ref, run.epoch, records, emittedAtNs: emittedAtNs)
    }

    func commit(_ name: LogName, count: Int, named event: String = "step", bytes: Int = 0) {
        let padding = String(repeating: "x", count: bytes)
        commit(name, (0..<count).map { (event, "{\"n\":\($0)\(bytes > 0 ? ",\"p\":\"\(padding)\"" : "")}") })
    }

    func setState(_ word: String, _ name: LogName) {
        guard let run = store.run(name) else { return }
        run.snapshot = Array("{\"state\":\"\(word)\"}".utf8)
        hub.statusChanged(name, run.extent) { run.snapshot }
    }

    /// The terminal event and its state, as one commit tells them.
    func complete(_ name: LogName) {
        let run = store.run(name)!
        let event = store.append("completed", "{\"state\":\"completed\"}", to: run)
        run.hasEnded = true
        setState("completed", name)
        hub.commitEvents(name, run.ref, run.epoch, [event])
    }

    func trim(_ name: LogName, through: Int64) {
        let run = store.run(name)!
        run.trimmedThrough = through
        hub.logTrimmed(name, run.ref, through: through)
    }

    // MARK: Readers

    func request(_ names: [LogName], cursor: StreamCursor? = nil) -> StreamRequest {
        let logs = names.map { name in
            let run = store.run(name)
            let isJob = if case .job = name { true } else { false }
            return StreamRequest.Log(
                name: name, extent: isJob ? run?.extent : nil, snapshot: isJob ? run?.snapshot : nil)
        }
        return StreamRequest(logs: logs, cursor: cursor)
    }

    func open(_ names: LogName..., after cursor: String? = nil) -> ReaderID {
        let id = output.makeReader()
        let cursor = try? StreamCursor.parse(lastEventIDHeader: cursor, lastEventIDQuery: nil, startingAfter: nil)
        hub.open(id, request(names, cursor: cursor))
        return id
    }

    func stall(_ id: ReaderID) { output.sockets[id]!.isStalled = true }

    /// The reader reads again: its output drains.
    func unstall(_ id: ReaderID) {
        output.sockets[id]!.isStalled = false
        if output.drain(id) { hub.readerDidDrain(id) }
    }

    /// Drains what is pending, but the next payload will be pending again.
    func drainOnce(_ id: ReaderID) {
        if output.drain(id) { hub.readerDidDrain(id) }
    }

    /// Ticks until nobody waits for a turn.
    func flush() { while hub.flush() {} }

    func settle() { store.answerAll(to: hub) }

    func pass(ms: UInt64, stepMs: UInt64 = 50) {
        let end = nowMs + ms
        while nowMs < end {
            nowMs += stepMs
            output.nowMs = nowMs
            hub.advance(nowMs: nowMs)
            hub.flush()
        }
    }

    /// The ids of the numbered events that the reader got.
    func ids(_ id: ReaderID) -> [String] {
        text(id).split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    func text(_ id: ReaderID) -> String { output.text(id) }

    func names(_ id: ReaderID) -> [String] { output.events(id).map(\.name) }

    func isFinished(_ id: ReaderID) -> Bool { output.sockets[id]!.isFinished }
}

extension LogName {
    static let a = LogName.job(JobID(trusted: "a"))
    static let b = LogName.job(JobID(trusted: "b"))
    static let news = LogName.channel("news")
    static let talk = LogName.channel("talk")
}

extension StreamHub {
    /// A commit that brings events of one log.
    func commitEvents(
        _ name: LogName, _ ref: LogRef, _ epoch: Epoch, _ events: [EventRecord], emittedAtNs: UInt64? = nil
    ) {
        var texts = CommitTexts()
        texts.append(name, ref, epoch, events)
        commit(texts, at: 0..<1, emittedAtNs: emittedAtNs)
    }
}
