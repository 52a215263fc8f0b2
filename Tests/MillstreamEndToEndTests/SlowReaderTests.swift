// A reader that stops reading: it costs bounded memory, hurts nobody, and is told what it missed.

import Foundation
import MillstreamSSE
import Synchronization
import Testing

@Suite(.serialized) struct SlowReaderTests {
    private static let padding = String(repeating: "p", count: 3900)

    /// Publishes `count` events, 200 in a request, and returns how many were acknowledged. Before the next it waits for the reader who keeps
    /// up, when there is one: what makes him slow on this machine is not what is tested.
    private func publish(
        _ name: String, _ count: Int, to path: String, _ server: ServerProcess, keepingStepWith reader: Reading? = nil
    ) throws -> Int {
        var stored = 0
        for start in stride(from: 1, through: count, by: 200) {
            let lines = (start..<min(start + 200, count + 1)).map {
                "{\"event\":\"\(name)\",\"data\":{\"n\":\($0),\"pad\":\"\(Self.padding)\"}}"
            }
            let answer = try server.client.post(
                path, json: lines.joined(separator: "\n"), ["Content-Type": "application/x-ndjson"])
            guard answer.status == 200 else { throw TestFailure("\(answer.status) \(answer.text)") }
            stored += (answer["ids"] as? [String])?.count ?? 0
            if let reader { #expect(eventually(withinSeconds: 300) { reader.count >= stored }) }
        }
        return stored
    }

    /// Reads a stream on a thread of its own until its end, or until it has so many events.
    private final class Reading: Sendable {
        nonisolated(unsafe) private var events: [ServerSentEvent] = []
        nonisolated(unsafe) private var stream: TestStream?
        private let received = Atomic(0)
        private let done = DispatchSemaphore(value: 0)

        /// Events read so far.
        var count: Int { received.load(ordering: .relaxed) }

        /// The semaphore orders the write before the read.
        init(port: UInt16, path: String, count: Int = .max) throws {
            nonisolated(unsafe) let stream = try TestStream(port: port, path: path)
            Thread.detachNewThread { [self] in
                while events.count < count, let event = try? stream.next() {
                    events.append(event)
                    received.add(1, ordering: .relaxed)
                }
                // The connection stays open as long as this object does.
                self.stream = stream
                done.signal()
            }
        }

        func finish() throws -> [ServerSentEvent] {
            guard done.wait(timeout: .now() + 300) == .success else { throw TestFailure("the healthy reader hangs") }
            return events
        }
    }

    @Test func progressIsConflatedForWhoDoesNotReadAndForNobodyElse() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let path = "/v1/jobs/\(id)/events"
        let slow = try TestStream(port: server.port, path: path, receiveBufferBytes: 4096)
        try slow.until("began")
        let healthy = try Reading(port: server.port, path: path)
        let before = server.procStatus("VmRSS")

        let count = 8000
        #expect(try publish("progress", count, to: path, server, keepingStepWith: healthy) == count)
        try server.client.give(id)
        let seen = try healthy.finish()
        #expect(seen.sequences == Array(1...(count + 2)), "a healthy reader gets everything")
        #expect(seen.named("gap").isEmpty)
        let growth = server.procStatus("VmRSS") - before
        #expect(growth < 96 * 1024, "the server grew by \(growth) kB for 32 MB of events that somebody did not read")

        // Only now it reads: what was on its way, the gap, the newest progress, the end.
        let late = try slow.rest()
        try checkGaps(in: late, after: 1)
        let gaps = late.named("gap")
        #expect(!gaps.isEmpty, "32 MB do not fit into the buffers of the kernel")
        #expect(gaps.allSatisfy { $0.object["reason"] as? String == "slow_reader" })
        #expect(late.named("progress").last?.object["n"] as? Int == count, "the newest progress arrives")
        #expect(late.terminal.map(\.name) == ["completed"])
        #expect(late.last?.name == "completed")
        #expect(slow.endedCleanly)
    }

    /// Each number is either received or within an announced gap, and none is both.
    private func checkGaps(in events: [ServerSentEvent], after start: Int) throws {
        var last = start
        for event in events where event.name != "status" && event.name != "closing" {
            if event.name == "gap" {
                let from = try #require(
                    (event.object["from"] as? String)?.split(separator: "-").last.flatMap { Int($0) })
                let to = try #require((event.object["to"] as? String)?.split(separator: "-").last.flatMap { Int($0) })
                #expect(from == last + 1)
                #expect(to >= from)
                last = to
            } else {
                #expect(event.sequence == last + 1, "\(event.name)")
                last = event.sequence ?? last
            }
        }
    }

    @Test func whatIsNotProgressIsNeverLost() throws {
        let server = try HeldKinds.server()
        let id = try server.client.start("held")
        let path = "/v1/jobs/\(id)/events"
        let slow = try TestStream(port: server.port, path: path, receiveBufferBytes: 4096)
        try slow.until("began")
        let before = server.procStatus("VmRSS")
        let count = 4000
        #expect(try publish("note", count, to: path, server) == count)
        try server.client.give(id)
        #expect(try server.client.events(id).rest().sequences == Array(1...(count + 2)))
        #expect(server.procStatus("VmRSS") - before < 96 * 1024)

        // Either it catches up from the journal, or it is sent away and resumes.
        var all = [1] + (try slow.rest()).sequences
        var rounds = 0
        while all.last != count + 2, rounds < 20 {
            let again = try server.client.stream("\(path)?starting_after=\(all.last ?? 0)")
            all += try again.rest().sequences
            rounds += 1
        }
        #expect(all == Array(1...(count + 2)))
    }

    @Test func aReaderThatTakesNothingAtAllIsCutOff() throws {
        let server = try ServerProcess(configuration: "streams:\n  stall_timeout: 1s\n")
        let stalled = try TestStream(
            port: server.port, path: "/v1/events?channel=c", receiveBufferBytes: 4096)
        let healthy = try Reading(port: server.port, path: "/v1/events?channel=c", count: 3000)
        #expect(try publish("note", 3000, to: "/v1/channels/c/events", server, keepingStepWith: healthy) == 3000)
        #expect(try healthy.finish().sequences == Array(1...3000))
        let isGone = try eventually {
            try server.client.get("/metrics").text.contains("millstream_streams_open 1\n")
        }
        #expect(isGone)
        #expect(try server.client.hits("streams.stall_timeout") == 1)
        // What it could read before it was cut off is the beginning of the log.
        var numbers: [Int] = []
        while let event = try? stalled.next() { numbers.append(event.sequence ?? 0) }
        #expect(numbers == Array(1..<(numbers.count + 1)))
        #expect(numbers.count < 3000)
        withExtendedLifetime(healthy) {}
    }
}
