// Text in and out: events as event-stream text, the parser of clients, JSON. Pure functions on memory.

import Measuring
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamSSE

enum EncodingBenchmarks {
    static let all = [encode, encodeLines, parse, minify, minifySpaced, jobObject, timestamp]

    /// As the hub encodes an event of a log; it writes the id itself.
    private static let encode = Benchmark("sse-encode", per: "event", operations: 10_000) {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        return { meter in
            try meter.count {
                for _ in 0..<10_000 {
                    output.removeAll(keepingCapacity: true)
                    try SSEEncoder.appendEvent(id: nil, name: "message", data: Text.data, to: &output)
                }
            }
        }
    }

    /// Every field, and data that must be cut into lines.
    private static let encodeLines = Benchmark("sse-encode-lines", per: "event", operations: 10_000) {
        let lines = Array("first line\nsecond line\r\nthird line".utf8)
        let id = Array("k3f9ab-1234567".utf8)
        var output: [UInt8] = []
        output.reserveCapacity(512)
        return { meter in
            try meter.count {
                for _ in 0..<10_000 {
                    output.removeAll(keepingCapacity: true)
                    try SSEEncoder.appendEvent(id: id, name: "message", data: lines, retryMs: 1_000, to: &output)
                }
            }
        }
    }

    /// In pieces of a TCP segment on a usual network, so that most events are cut.
    private static let parse = Benchmark("sse-parse", per: "event", operations: 5_000) {
        var text: [UInt8] = []
        for number in 0..<5_000 {
            try SSEEncoder.appendEvent(
                id: Array("k3f9ab-\(1_000_000 + number)".utf8), name: "message", data: Text.data, to: &text)
        }
        let pieces = stride(from: 0, to: text.count, by: 1_448).map { Array(text[$0..<min($0 + 1_448, text.count)]) }
        return { meter in
            var parser = SSEParser()
            var count = 0
            meter.count {
                for piece in pieces {
                    parser.push(piece) { event in count += event.data.isEmpty ? 0 : 1 }
                }
            }
            precondition(count == 5_000, "the parser loses no event")
        }
    }

    private static let minify = Benchmark("json-minified", per: "text", operations: 10_000) {
        let text = Text.data
        return { meter in
            try meter.count {
                for _ in 0..<10_000 { blackHole(try JSONText(validating: text).bytes.count) }
            }
        }
    }

    private static let minifySpaced = Benchmark("json-spaced", per: "text", operations: 10_000) {
        let text = Text.spacedData
        return { meter in
            try meter.count {
                for _ in 0..<10_000 { blackHole(try JSONText(validating: text).bytes.count) }
            }
        }
    }

    private static let jobObject = Benchmark("job-object", per: "job", operations: 2_000) {
        var job = JobRecord(
            ref: LogRef(1), id: JobID(trusted: "0193f2c4-8a51-7c3e-9b2d-4f5e6a7b8c9d"), kind: "demo.steps",
            input: StoredValue(JSONText(trusted: Text.data)), epoch: Text.epoch, createdAt: Text.time)
        job.state = .inProgress
        job.attempt = 1
        job.progress = 42
        job.startedAt = Text.time
        job.lastSequence = 17
        return { [job] meter in
            meter.count {
                for _ in 0..<2_000 {
                    blackHole(JobObject.render(job, queuePosition: nil, includeInput: true).bytes.count)
                }
            }
        }
    }

    private static let timestamp = Benchmark("timestamp", per: "text", operations: 10_000) {
        { meter in
            meter.count {
                for _ in 0..<10_000 { blackHole(Text.time.description.utf8.count) }
            }
        }
    }
}
