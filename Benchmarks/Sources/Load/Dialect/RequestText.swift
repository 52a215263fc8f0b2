import Glibc

/// Writes the requests of one dialect. What does not change between two of them is made once.
struct RequestText {
    private let target: ServerTarget
    /// Name of the channel, or what its numbered names begin with: new in each run, so that an earlier run's log is not replayed.
    let channel: String
    private let getTail: [UInt8]
    private let postHead: [UInt8]
    private let channelBytes: [UInt8]
    private let genericParts: [[UInt8]]

    init(target: ServerTarget, channel: String) {
        self.target = target
        self.channel = channel
        let own = target.headers.map { $0 + "\r\n" }.joined()
        let host = "Host: \(target.host):\(target.port)\r\n"
        getTail = Array(" HTTP/1.1\r\n\(host)Accept: text/event-stream\r\n\(own)".utf8)
        let event = target.dialect == .broker ? "X-EventSource-Event: progress\r\n" : ""
        postHead = Array(" HTTP/1.1\r\n\(host)Content-Type: application/json\r\n\(event)\(own)Content-Length: ".utf8)
        channelBytes = Array(channel.utf8)
        genericParts = target.path.components(separatedBy: "{}").map { Array($0.utf8) }
    }

    // MARK: Streams

    func subscribe(_ writer: inout RequestWriter, channel number: Int, of channels: Int, resuming: StreamState?) {
        writer.clear()
        writer.append("GET ")
        switch target.dialect {
        case .millstream:
            writer.append("/v1/events?channel=")
            writer.append(channelBytes)
            if channels > 1 {
                writer.append("-")
                writer.append(number: UInt64(number))
            }
        case .peer, .broker:
            writer.append("/events/")
            writer.append(number: UInt64(number))
        case .generic:
            for (place, part) in genericParts.enumerated() {
                if place > 0 { writer.append(number: UInt64(number)) }
                writer.append(part)
            }
        }
        endGet(&writer, resuming: resuming)
    }

    func watchJob(_ writer: inout RequestWriter, id: Bytes, length: Int, resuming: StreamState?) {
        writer.clear()
        writer.append("GET /v1/jobs/")
        writer.append(id, length)
        writer.append("/events")
        endGet(&writer, resuming: resuming)
    }

    private func endGet(_ writer: inout RequestWriter, resuming stream: StreamState?) {
        writer.append(getTail)
        if let stream, stream.lastSequence != StreamState.noSequence {
            writer.append("Last-Event-ID: ")
            if stream.epochLength > 0 {
                withUnsafeBytes(of: stream.epoch) { epoch in
                    guard let start = epoch.baseAddress else { return }
                    writer.append(start.assumingMemoryBound(to: UInt8.self), Int(stream.epochLength))
                }
                writer.append("-")
            }
            writer.append(number: stream.lastSequence)
            writer.append("\r\n")
        }
        writer.append("\r\n")
    }

    // MARK: Requests with a body

    func post(_ path: String, body: String) -> [UInt8] {
        Array("POST \(path)".utf8) + postHead + Array("\(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    func createSteps(
        steps: Int, intervalMs: Int, dataBytes: Int, block: Bool = false, busy: Bool = false, runAt: String? = nil
    ) -> [UInt8] {
        let holding = #""block":\#(block)\#(busy ? #","busy":true"# : "")"#
        let input = #"{"steps":\#(steps),"interval_ms":\#(intervalMs),"data_bytes":\#(dataBytes),\#(holding)}"#
        let later = runAt.map { #","run_at":"\#($0)""# } ?? ""
        return post("/v1/jobs", body: #"{"kind":"demo.steps","input":\#(input)\#(later)}"#)
    }

    func createPublisher(
        channel: String, channels: Int, rate: Double, count: Int, dataBytes: Int
    ) -> [UInt8] {
        let rate = rate > 0 ? rate : 1_000_000
        let input =
            #"{"channel":"\#(channel)","channels":\#(channels),"rate":\#(rate),"count":\#(count),"data_bytes":\#(dataBytes)}"#
        return post("/v1/jobs", body: #"{"kind":"demo.publish","input":\#(input)}"#)
    }

    /// Makes the server publish by itself. Nil: the dialect's publisher is the generator.
    func startPublishing(channels: Int, rate: Double, count: Int, dataBytes: Int) -> [UInt8]? {
        switch target.dialect {
        case .millstream:
            createPublisher(channel: channel, channels: channels, rate: rate, count: count, dataBytes: dataBytes)
        case .peer: post("/publish?rate=\(rate)&count=\(count)&topics=\(channels)&bytes=\(dataBytes)", body: "")
        case .broker, .generic: nil
        }
    }

    /// One event of our own, with the time it was planned for.
    func publish(
        _ writer: inout RequestWriter, channel number: Int, sequence: UInt64, time: UInt64, dataBytes: Int
    ) {
        let data = #"{"t":\#(time),"seq":\#(sequence),"topic":\#(number),"pad":""#
        let padding = max(0, dataBytes - data.utf8.count - 2)
        writer.clear()
        writer.append("POST /pub/")
        writer.append(number: UInt64(number))
        writer.append(postHead)
        writer.append(number: UInt64(data.utf8.count + padding + 2))
        writer.append("\r\n\r\n")
        writer.append(Array(data.utf8))
        writer.append(UInt8(ascii: "x"), times: padding)
        writer.append(#""}"#)
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let found = rest.firstRange(of: separator) {
            parts.append(String(rest[..<found.lowerBound]))
            rest = rest[found.upperBound...]
        }
        return parts + [String(rest)]
    }
}
