// The HTTP side on real sockets: a request, a stream's opening and end, the flush to many streams.

import Glibc
import Measuring
import MillstreamHTTP
import MillstreamJournal
import MillstreamLoop
import MillstreamStreams

enum SocketBenchmarks {
    static let all = [request, opening, closing, sending, ticking, finishing]

    /// One connection that is kept, one request at a time.
    private static let request = Benchmark("http-request", per: "request", operations: 1_000) {
        let stage = try SocketStage()
        let peer = try stage.connect()
        return { meter in
            for _ in 0..<1_000 {
                peer.send(RequestText.plain)
                var received = 0
                while received == 0 {
                    meter.count { stage.loop.tick() }
                    received = peer.receive()
                }
            }
        }
    }

    /// From the accepted connection to the first event, 64 clients at a time.
    private static let opening = Benchmark("stream-open", per: "stream", operations: 320) {
        let stage = try SocketStage()
        return { meter in
            for _ in 0..<5 {
                let peers = try stage.requestStreams(64)
                meter.count { stage.openStreams(64) }
                withExtendedLifetime(peers) {}
                end(peers, stage)
            }
        }
    }

    /// Clients go away, 64 at a time.
    private static let closing = Benchmark("stream-close", per: "stream", operations: 320) {
        let stage = try SocketStage()
        return { meter in
            for _ in 0..<5 {
                var peers = try stage.requestStreams(64)
                stage.openStreams(64)
                for peer in peers { peer.receive() }
                peers = []
                meter.count { stage.awaitEnds() }
            }
        }
    }

    /// One shared payload to 256 open streams, all of which take it at once.
    private static let sending = Benchmark("stream-send", per: "send", operations: 10_240) {
        let stage = try SocketStage()
        let peers = try stage.requestStreams(256)
        stage.openStreams(256)
        let payload = StreamPayload(body: Text.data)
        return { meter in
            for _ in 0..<40 {
                meter.count {
                    for id in stage.opened { _ = stage.server.streams.send(payload, to: id) }
                }
                for peer in peers { peer.receive() }
            }
        }
    }

    /// The whole tick: three commits to a log with 256 readers leave in one send for each.
    private static let ticking = Benchmark("tick-three-events", per: "stream and tick", operations: 5_120) {
        let stage = try SocketStage()
        let peers = try stage.requestStreams(256)
        stage.openStreams(256)
        let output = TableOutput(stage.server.streams)
        let hub = StreamHub(settings: Hall.settings, output: output, source: output, nowMs: 0, seed: 1)
        let name = LogName.channel("benchmark")
        let ref = LogRef(1)
        let extent = LogExtent(ref: ref, epoch: Text.epoch, lastSequence: 0)
        for id in stage.opened {
            let request = StreamRequest(
                logs: [StreamRequest.Log(name: name, extent: extent, snapshot: nil)], cursor: nil)
            hub.open(ReaderID(slot: id.slot, generation: id.generation), request)
        }
        while hub.flush() {}
        // Beyond the bound of the log's recent events, as in the hub's benchmarks.
        var last: Int64 = 200
        hub.commit(texts(of: name, ref, Text.events(from: 1, count: 200)), at: 0..<1)
        while hub.flush() {}
        for peer in peers { while peer.receive() > 0 {} }
        return { meter in
            for _ in 0..<20 {
                let commits = (1...3).map { texts(of: name, ref, Text.events(from: last + $0, count: 1)) }
                last += 3
                meter.count {
                    for commit in commits { hub.commit(commit, at: 0..<1) }
                    while hub.flush() {}
                }
                for peer in peers { peer.receive() }
            }
            withExtendedLifetime((stage, output)) {}
        }
    }

    private static func texts(of name: LogName, _ ref: LogRef, _ events: [EventRecord]) -> CommitTexts {
        var texts = CommitTexts()
        texts.append(name, ref, Text.epoch, events)
        return texts
    }

    /// The end of a log: terminal event, last chunk, shutdown, and the wait for the client's close.
    private static let finishing = Benchmark("stream-finish", per: "stream", operations: 320) {
        let stage = try SocketStage()
        let payload = StreamPayload(body: Text.data)
        return { meter in
            for _ in 0..<5 {
                var peers = try stage.requestStreams(64)
                stage.openStreams(64)
                for peer in peers { peer.receive() }
                meter.count {
                    for id in stage.opened { stage.server.streams.finish(id, final: payload) }
                }
                peers = []
                meter.count { stage.awaitEnds() }
            }
        }
    }

    private static func end(_ peers: [Peer], _ stage: SocketStage) {
        for id in stage.opened { stage.server.streams.abort(id) }
        // Notices of what ended come in the next tick, which something must begin.
        stage.awaitEnds()
    }
}

/// The hub's readers as streams, as the server does it.
private final class TableOutput: ReaderOutput, LogSource {
    private let table: StreamTable

    init(_ table: StreamTable) {
        self.table = table
    }

    func makePayload(_ body: UnsafeRawBufferPointer) -> AnyObject { StreamPayload(body: body) }

    func send(_ payload: AnyObject, to reader: ReaderID) -> Delivery {
        let id = StreamID(slot: reader.slot, generation: reader.generation)
        return switch table.send(unsafeDowncast(payload, to: StreamPayload.self), to: id) {
        case .sent: .sent
        case .pending: .pending
        case .gone: .gone
        }
    }

    func finish(_ reader: ReaderID, last: AnyObject?) {}
    func abort(_ reader: ReaderID) {}
    func requestPage(of ref: LogRef, after: Int64, maxEvents: Int, maxBytes: Int, token: PageToken) -> Bool { false }
    func requestHead(of name: LogName, token: PageToken) -> Bool { false }
}
