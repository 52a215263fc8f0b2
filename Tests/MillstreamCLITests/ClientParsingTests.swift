import Testing

@testable import MillstreamCLI

@Suite struct ClientParsingTests {
    @Test func addressesAreRead() {
        let cases: [(String, String?)] = [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("HTTP://example.org/a/b/", "http://example.org/a/b"), ("http://[::1]:90", "http://[::1]:90"),
            ("localhost", "http://localhost"), ("unix:/run/m.sock", "unix:/run/m.sock"), ("https://a", nil),
            ("http://", nil),
            ("http://a:0", nil), ("http://a:65536", nil), ("http://a:x", nil), ("::1", nil), ("unix:", nil),
            ("http://u@a", nil),
            ("http://a b", nil), ("http://a/?q", nil), ("ftp://a", nil), ("", nil),
        ]
        for (text, wanted) in cases { #expect(ServerAddress(text)?.description == wanted, "\(text)") }
    }

    @Test func chunksAreTheSameInAnySplit() throws {
        let body = Array("5\r\nhello\r\n00a;ext=\"x\"\r\n0123456789\r\n1\n!\n0\r\nTrailer: x\r\n\r\nrest".utf8)
        for size in 1...body.count {
            var reader = ChunkedReader()
            var payload: [UInt8] = []
            for start in stride(from: 0, to: body.count, by: size) {
                payload += try reader.push(Array(body[start..<min(start + size, body.count)]))
            }
            #expect(payload == Array("hello0123456789!".utf8))
            #expect(reader.isDone)
        }
    }

    @Test(arguments: ["x\r\n", "\r\n", "ffffffffffffffff\r\n", "1\r\nab\r\n", "-1\r\n"])
    func oddChunksAreRefused(_ text: String) {
        var reader = ChunkedReader()
        #expect(throws: ClientFailure.self) { try reader.push(Array(text.utf8)) }
    }

    @Test func headsAreReadByteByByte() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-TYPE:  text/x\r\nnonsense\r\n\r\nbody"
        var bytes: [UInt8] = []
        var head: ResponseHead?
        var rest: [UInt8] = []
        for byte in text.utf8 {
            guard head == nil else {
                rest.append(byte)
                continue
            }
            bytes.append(byte)
            head = try ResponseHead.take(from: &bytes)
        }
        #expect(head?.status == 200)
        #expect(head?["content-type"] == "text/x")
        #expect(rest == Array("body".utf8))
        var odd = Array("HTTP/1.1 999 x\r\n\r\n".utf8)
        #expect(throws: ClientFailure.self) { try ResponseHead.take(from: &odd) }
        var endless = [UInt8](repeating: 0x61, count: ResponseHead.maxBytes + 1)
        #expect(throws: ClientFailure.self) { try ResponseHead.take(from: &endless) }
    }
}
