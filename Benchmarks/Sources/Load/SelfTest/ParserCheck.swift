import CLoad

/// The parser on one long body that is cut in hostile ways: what it counts must be the same for each, and its speed is told.
public struct ParserCheck: Sendable {
    public var line: String
    public var isRight: Bool

    private static let events = 100_000

    public static func all() -> [ParserCheck] {
        let body = makeBody()
        var seed: UInt64 = 12345
        func random(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound + 1
        }
        return [
            check("64 KiB pieces", body) { 65_536 },
            check("260-byte pieces", body) { 260 },
            check("1-byte pieces", body) { 1 },
            check("random pieces", body) { random(700) },
        ]
    }

    private static func makeBody() -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(events * 280)
        let now = cload_now_ns()
        for number in 1...events {
            var frame = EventFrames.event(number, time: now, crlf: number % 2 == 0)
            if number % 7 == 0 { frame += EventFrames.comment }
            body += EventFrames.chunk(frame)
        }
        return body + EventFrames.lastChunk
    }

    private static func check(_ name: String, _ body: [UInt8], pieces: () -> Int) -> ParserCheck {
        var stream = StreamState()
        var tally = Tally()
        defer { stream.release() }
        var outcome = BodyReader.Outcome.open
        let start = cload_now_ns()
        body.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var at = 0
            while at < buffer.count, outcome == .open {
                let count = min(pieces(), buffer.count - at)
                outcome = BodyReader.feed(base + at, count, now: cload_now_ns(), &stream, &tally)
                at += count
            }
        }
        let seconds = Double(cload_now_ns() - start) / 1e9
        let isRight =
            outcome == .ended && tally.events == events && tally.gaps == 0 && tally.duplicates == 0
            && tally.comments == events / 7 && Int(tally.latency.totalCount) == events && tally.unreadableIds == 0
        let speed = Double(events) / seconds / 1e6
        let text = String(format2(speed))
        return ParserCheck(
            line: "parser, \(name): \(isRight ? "right" : "WRONG"), \(tally.events) events, \(text) M events/s",
            isRight: isRight)
    }

    private static func format2(_ number: Double) -> String {
        let hundredths = Int((number * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
