import Testing

@testable import Load

@Suite struct FramingTests {
    private func outcome(_ text: String) -> BodyReader.Outcome { StreamReading().body(Array(text.utf8)) }

    @Test func chunksMayHaveExtensionsAndBareLineFeeds() {
        #expect(outcome("5;a=b\r\n: hi\n\r\n0\r\n\r\n") == .ended)
        #expect(outcome("5\n: hi\n\n0\n\n") == .ended)
        #expect(outcome("0005\r\n: hi\n\r\n") == .open)
    }

    @Test func whatIsNoChunkIsSaidToBeMalformed() {
        #expect(outcome("hello\r\n") == .malformed)
        #expect(outcome("\r\n") == .malformed)
        #expect(outcome("2\r\nabcd") == .malformed)
        #expect(outcome("fffffffffffffffffff\r\n") == .malformed)
    }

    @Test func aBodyOfKnownLengthEnds() {
        let reading = StreamReading()
        reading.state.pointee.framing = .plain
        reading.state.pointee.remaining = 9
        #expect(reading.body(Array("data: x".utf8)) == .open)
        #expect(reading.body(Array("\n\n".utf8)) == .ended)
        #expect(reading.tally.pointee.events == 1)
    }

    private func parse(_ text: String) -> ReplyHead? { parse(Array(text.utf8)) }

    private func parse(_ bytes: [UInt8]) -> ReplyHead? {
        bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { ReplyHead($0, buffer.count) }
        }
    }

    @Test func aHeadIsReadWhateverTheCase() throws {
        let head = try #require(
            parse("HTTP/1.1 200 OK\r\ntransfer-ENCODING:  Chunked\r\nConnection: Close\r\nX: y\r\n\r\nrest"))
        #expect(head.status == 200)
        #expect(head.isChunked)
        #expect(head.closes)
        #expect(head.contentLength == nil)
    }

    @Test func aHeadThatIsNotWholeIsNone() {
        let text = "HTTP/1.1 202 Accepted\r\nContent-Length: 12\r\n\r\n"
        for length in 0..<text.utf8.count { #expect(parse(Array(text.utf8.prefix(length))) == nil) }
        #expect(parse(text)?.contentLength == 12)
    }

    @Test func anOddHeadDoesNotTrap() {
        #expect(parse("x\r\n\r\n")?.status == 0)
        #expect(parse("HTTP/1.1 abc\r\nContent-Length: 99999999999999999999\r\n\r\n")?.contentLength == nil)
        #expect(parse("\r\n\r\n") != nil)
    }
}

@Suite struct ReportTests {
    @Test func quantilesAreThoseOfTheHistogram() {
        var histogram = LatencyHistogram.make()
        for us in 1...1000 { histogram.add(ns: UInt64(us) * 1000) }
        let quantiles = histogram.quantilesUs
        #expect(quantiles.count == 1000)
        #expect(abs(quantiles.p50 - 500) < 2)
        #expect(abs(quantiles.p99 - 990) < 2)
        #expect(abs(quantiles.max - 1000) < 1)
        #expect(LatencyHistogram.make().quantilesUs == .none)
    }

    @Test func aTimeBeyondTheRangeCountsAsTheLongest() {
        var histogram = LatencyHistogram.make()
        histogram.add(ns: .max)
        #expect(histogram.totalCount == 1)
    }

    @Test func theAddressOfTheServerIsChecked() {
        #expect(throws: LoadError.badAddress("localhost")) { try ServerTarget(host: "localhost", port: 1) }
        #expect(throws: LoadError.badAddress("1.2.3")) { try ServerTarget(host: "1.2.3", port: 1) }
        #expect(throws: LoadError.badHeader("a: b\r\nc: d")) { try ServerTarget(port: 1, headers: ["a: b\r\nc: d"]) }
    }
}

extension ServerTarget {
    fileprivate init(host: String = "127.0.0.1", port: UInt16, headers: [String] = []) throws(LoadError) {
        try self.init(host: host, port: port, dialect: .peer, headers: headers)
    }
}
