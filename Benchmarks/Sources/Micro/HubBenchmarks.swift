// The walk from a commit to all readers, without sockets: what the hub itself costs. Payloads are the real ones.

import Measuring
import MillstreamHTTP
import MillstreamJournal
import MillstreamStreams

enum HubBenchmarks {
    static let all = [fanOut, manyLogs, unread, opening, replaying]

    /// One log, 1,000 readers, one event a tick.
    private static let fanOut = Benchmark("hub-fan-out", per: "delivery", operations: 20_000) {
        let hall = Hall()
        let log = hall.openLog(number: 1, readers: 1_000)
        return { meter in
            for _ in 0..<20 { hall.commit(to: [log], meter) }
        }
    }

    /// 1,000 logs with a reader each, all of which get an event in the same tick.
    private static let manyLogs = Benchmark("hub-many-logs", per: "delivery", operations: 20_000) {
        let hall = Hall()
        let logs = (1...1_000).map { hall.openLog(number: $0, readers: 1) }
        return { meter in
            for _ in 0..<20 { hall.commit(to: logs, meter) }
        }
    }

    /// Nobody reads: what an event costs to be there for readers who come soon.
    private static let unread = Benchmark("hub-unread", per: "event", operations: 10_000) {
        let hall = Hall()
        let logs = (1...100).map { hall.openLog(number: $0, readers: 0) }
        return { meter in
            for _ in 0..<100 { hall.commit(to: logs, meter) }
        }
    }

    /// Readers of a running job come and get its state; they go uncounted.
    private static let opening = Benchmark("hub-open", per: "reader", operations: 1_000) {
        let hall = Hall()
        let log = hall.openLog(number: 1, readers: 1)
        return { meter in
            let ids = (0..<1_000).map { _ in hall.nextReader() }
            let request = hall.request(for: log, after: log.last)
            meter.count {
                for id in ids { hall.hub.open(id, request) }
                while hall.hub.flush() {}
            }
            for id in ids { hall.close(id) }
            while hall.hub.flush() {}
        }
    }

    /// Readers come back 20 events behind, all of which are in memory: one shared piece for all of them.
    private static let replaying = Benchmark("hub-replay", per: "reader", operations: 1_000) {
        let hall = Hall()
        let log = hall.openLog(number: 1, readers: 1)
        return { meter in
            let ids = (0..<1_000).map { _ in hall.nextReader() }
            let request = hall.request(for: log, after: log.last - 20)
            meter.count {
                for id in ids { hall.hub.open(id, request) }
                while hall.hub.flush() {}
            }
            for id in ids { hall.close(id) }
            while hall.hub.flush() {}
        }
    }
}

/// A hub whose readers take everything at once.
final class Hall: LogSource {
    final class Log {
        let name: LogName
        let ref: LogRef
        var last: Int64 = 0

        init(number: Int) {
            name = .channel("channel-\(number)-of-the-benchmark")
            ref = LogRef(Int64(number))
        }
    }

    /// A log's recent events come to their bound while a benchmark is set up: from then on their memory neither grows nor moves.
    static let settings = {
        var settings = StreamSettings()
        settings.maxRecentBytesPerLog = 16 << 10
        settings.maxRecentBytes = 256 << 20
        return settings
    }()
    private static let eventsToTheBound = 200

    private(set) var hub: StreamHub!
    private var freeSlots: [UInt32] = []
    private var slots: UInt32 = 0
    private var generation: UInt32 = 0

    init() {
        hub = StreamHub(settings: Self.settings, output: Takers(), source: self, nowMs: 0, seed: 1)
    }

    func openLog(number: Int, readers: Int) -> Log {
        let log = Log(number: number)
        for _ in 0..<readers { hub.open(nextReader(), request(for: log)) }
        while hub.flush() {}
        for _ in 0..<Self.eventsToTheBound { commit(to: [log], nil) }
        return log
    }

    func request(for log: Log, after sequence: Int64? = nil) -> StreamRequest {
        let extent = LogExtent(ref: log.ref, epoch: Text.epoch, lastSequence: log.last)
        return StreamRequest(
            logs: [StreamRequest.Log(name: log.name, extent: extent, snapshot: Text.data)],
            cursor: sequence.map { .event(EventID(epoch: Text.epoch, sequence: $0)) })
    }

    func nextReader() -> ReaderID {
        generation += 1
        if let slot = freeSlots.popLast() { return ReaderID(slot: slot, generation: generation) }
        slots += 1
        return ReaderID(slot: slots - 1, generation: generation)
    }

    func close(_ id: ReaderID) {
        hub.readerDidClose(id)
        freeSlots.append(id.slot)
    }

    /// One tick with an event for each of the logs. Their text is the journal lane's work and not counted.
    func commit(to logs: [Log], _ meter: Meter?) {
        var texts = CommitTexts()
        for log in logs {
            texts.append(log.name, log.ref, Text.epoch, Text.events(from: log.last + 1, count: 1))
            log.last += 1
        }
        if let meter { meter.count { commit(texts) } } else { commit(texts) }
    }

    private func commit(_ texts: CommitTexts) {
        hub.commit(texts, at: 0..<texts.count)
        while hub.flush() {}
    }

    // MARK: What the hub asks for

    /// The hub keeps it: not the hall itself, which keeps the hub.
    private final class Takers: ReaderOutput {
        func makePayload(_ body: UnsafeRawBufferPointer) -> AnyObject { StreamPayload(body: body) }
        func send(_ payload: AnyObject, to reader: ReaderID) -> Delivery { .sent }
        func finish(_ reader: ReaderID, last: AnyObject?) {}
        func abort(_ reader: ReaderID) {}
    }

    func requestPage(of ref: LogRef, after: Int64, maxEvents: Int, maxBytes: Int, token: PageToken) -> Bool { false }
    func requestHead(of name: LogName, token: PageToken) -> Bool { false }
}
