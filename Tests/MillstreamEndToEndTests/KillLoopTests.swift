// kill -9 in a loop while everybody works: writers that post, a reader that follows. What was acknowledged is there, what was shown
// is there, numbers have no hole, and nothing is there twice.

import Foundation
import MillstreamSSE
import MillstreamTestSupport
import Testing

@Suite(.serialized) struct KillLoopTests {
    /// What the threads share. The lock protects all of it.
    private final class Ledger: @unchecked Sendable {
        private let lock = NSCondition()
        private var stored: [String: String] = [:]
        private var seen: [(id: String, data: String)] = []
        private var jobs: Set<String> = []
        private var isOver = false
        private var running = 0

        var isDone: Bool { lock.withLock { isOver } }
        var acknowledged: [String: String] { lock.withLock { stored } }
        var acknowledgedJobs: Set<String> { lock.withLock { jobs } }
        var shown: [(id: String, data: String)] { lock.withLock { seen } }

        func note(_ id: String, _ data: String) {
            lock.withLock { stored[id] = data }
            lock.lock()
            lock.broadcast()
            lock.unlock()
        }
        func note(job: String) { lock.withLock { _ = jobs.insert(job) } }
        func note(shown event: ServerSentEvent) { lock.withLock { seen.append((event.id, event.data)) } }

        /// Waits until so many more are acknowledged.
        func await(more count: Int) -> Bool {
            lock.lock()
            defer { lock.unlock() }
            let goal = stored.count + count
            let deadline = Date().addingTimeInterval(300)
            while stored.count < goal {
                guard lock.wait(until: deadline) else { return false }
            }
            return true
        }

        func start(_ body: @escaping @Sendable () -> Void) {
            lock.withLock { running += 1 }
            Thread.detachNewThread {
                body()
                self.lock.lock()
                self.running -= 1
                self.lock.broadcast()
                self.lock.unlock()
            }
        }

        /// Ends all threads; false when one hangs. `wake` makes an event for a reader that waits for one.
        func finish(wake: () throws -> Void) rethrows -> Bool {
            lock.withLock { isOver = true }
            try wake()
            lock.lock()
            defer { lock.unlock() }
            let deadline = Date().addingTimeInterval(60)
            while running > 0 {
                guard lock.wait(until: deadline) else { return false }
            }
            return true
        }
    }

    @Test(arguments: [21, 22]) func nothingAcknowledgedOrShownIsLost(seed: Int) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: UInt64(seed))
        let server = try ServerProcess(configuration: "streams:\n  retry: 100ms\n")
        let client = server.client
        let ledger = Ledger()
        for writer in 0..<3 {
            ledger.start {
                var n = 0
                while !ledger.isDone {
                    n += 1
                    let data = "\"\(writer):\(n)\""
                    if let answer = try? client.post(
                        "/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":\(data)}"),
                        answer.status == 200, let id = (answer["ids"] as? [String])?.first
                    {
                        ledger.note(id, data)
                    } else {
                        // Away: leaves the processor to who starts it again.
                        poll(nil, 0, 5)
                    }
                    if n % 5 == 0, let job = try? client.start("demo.steps", input: "{\"steps\":3,\"interval_ms\":5}") {
                        ledger.note(job: job)
                    }
                }
            }
        }
        ledger.start {
            var cursor: String?
            while !ledger.isDone {
                let headers = cursor.map { ["Last-Event-ID": $0] } ?? [:]
                guard let stream = try? client.stream("/v1/events?channel=c", headers) else {
                    poll(nil, 0, 5)
                    continue
                }
                while !ledger.isDone, let event = try? stream.next() {
                    if event.name == "closing" { continue }
                    ledger.note(shown: event)
                    if !event.id.isEmpty { cursor = event.id }
                }
            }
        }
        for _ in 0..<6 {
            #expect(ledger.await(more: Int.random(in: 1...120, using: &random)))
            server.kill9()
            try server.start()
        }
        #expect(ledger.await(more: 20))
        let isFinished = try ledger.finish {
            let answer = try client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":\"the end\"}")
            #expect(answer.status == 200)
        }
        #expect(isFinished)
        try check(ledger, server)
    }

    private func check(_ ledger: Ledger, _ server: ServerProcess) throws {
        var log: [String: String] = [:]
        let acknowledged = ledger.acknowledged
        let last = try #require(
            acknowledged.keys.compactMap { $0.split(separator: "-").last.flatMap { Int($0) } }.max())
        let epochs = Set(acknowledged.keys.map { $0.prefix { $0 != "-" } })
        #expect(epochs.count == 1, "the log is the same one after each crash")
        let epoch = try #require(epochs.first)
        let stream = try server.client.stream("/v1/events?channel=c&last_event_id=\(epoch)-0")
        var expected = 1
        while expected <= last, let event = try stream.next() {
            #expect(event.sequence == expected)
            log[event.id] = event.data
            expected += 1
        }
        for (id, data) in acknowledged { #expect(log[id] == data, "\(id)") }
        // A post whose answer was lost may be there without an acknowledgement, but each once.
        #expect(Set(log.values).count == log.count)
        let shown = ledger.shown
        #expect(!shown.isEmpty)
        let odd = shown.filter { !$0.id.hasPrefix(epoch) }
        #expect(odd.isEmpty, "no gap was needed")
        let numbers = shown.compactMap { $0.id.split(separator: "-").last.flatMap { Int($0) } }
        #expect(numbers == Array(1...max(1, numbers.count)), "the reader saw each once and in order")
        for event in shown where log[event.id] != nil { #expect(log[event.id] == event.data) }
        for id in ledger.acknowledgedJobs {
            let events = try server.client.events(id).rest()
            #expect(events.terminal.count == 1)
            #expect(events.sequences == Array(1...max(1, events.numbered.count)))
        }
        print("\(acknowledged.count) acknowledged, \(shown.count) shown, \(ledger.acknowledgedJobs.count) jobs")
    }

    /// What a killed server had taken of an upload goes; nothing that was answered does.
    @Test func halfAnUploadIsRemovedByTheNextStart() throws {
        let server = try ServerProcess()
        let half = try TestConnection(port: server.port)
        try half.send("POST /v1/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Length: 1000000\r\n\r\n")
        try half.send([UInt8](repeating: 7, count: 500_000))
        let uploads = server.data.appendingPathComponent("uploads").path
        #expect(try eventually { try !FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty })
        server.kill9()
        try server.start()
        #expect(try eventually { try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty })
    }
}
