import MillstreamTestSupport
import Testing

@_spi(Benchmarks) @testable import MillstreamHTTP

@Suite struct DecoderTests {
    private static let tooLarge = Refusal.tooLarge(maxBytes: 1000, .bodyBytes)

    private func decodeChunks(_ text: [UInt8], cuts: [Int]) throws -> (body: [UInt8], rest: Int, isDone: Bool) {
        var decoder = ChunkedDecoder(maxBodyBytes: 1000, tooLarge: Self.tooLarge)
        var body: [UInt8] = []
        var taken = 0
        for (start, end) in zip([0] + cuts, cuts + [text.count]) where !decoder.isDone {
            try Array(text[start..<end]).withUnsafeBytes { bytes in
                taken += try decoder.decode(bytes) { body.append(contentsOf: $0) }
            }
        }
        return (body, text.count - taken, decoder.isDone)
    }

    @Test func chunkedBodyIsTheSameAtAnySplit() throws {
        let text = Array("5\r\nhello\r\nA \t; a = b;c=\"d\"\r\n, chunked!\r\n0 ;e\r\nX: y\r\nZ:\r\n\r\nGET".utf8)
        for first in 0...text.count {
            for second in first...text.count {
                let decoded = try decodeChunks(text, cuts: [first, second])
                #expect(decoded.body == Array("hello, chunked!".utf8))
                #expect(decoded.isDone)
                #expect(decoded.rest == 3)
            }
        }
    }

    @Test(arguments: [
        "\r\n", "g\r\n", " 1\r\nx\r\n", "1 \r\nx\r\n", "1 2\r\nx\r\n", "1 \tx;a\r\nx\r\n", " ;a\r\n",
        "1\(String(repeating: " ", count: 257));a\r\n", "1\nx\r\n", "1\r\nxy", "1\r\nx\n", "0x1\r\nx\r\n", "-1\r\n",
        "123456789\r\n",
        "1;\0\r\n", "0\r\n X: y\r\n\r\n", "0\r\nX\nY", "0\r\n\0",
        "0\r\nno colon here\r\n\r\n", "0\r\nX A: b\r\n\r\n", "0\r\nX\r\n\r\n", "0\r\n: b\r\n\r\n", "0\r\nX : b\r\n\r\n",
        "0\r\nA: b\r\n folded\r\n\r\n", "1;\(String(repeating: "x", count: 257))\r\n",
    ])
    func oddChunksAreRefused(text: String) {
        #expect(throws: Refusal.self) { try decodeChunks(Array(text.utf8), cuts: []) }
    }

    /// No byte of the chunk has come, and none needs to.
    @Test func sizesThatComeToMoreThanTheLimitAreRefusedAtOnce() {
        for text in ["80000000\r\n", "3e9;a=b\r\n", "3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n1\r\n"] {
            #expect(throws: Self.tooLarge) { try decodeChunks(Array(text.utf8), cuts: []) }
        }
        #expect(throws: Never.self) { try decodeChunks(Array("3e8\r\n".utf8), cuts: []) }
    }

    @Test func extensionsAndTrailersAreBounded() {
        let chunk = "1;\(String(repeating: "x", count: 250))\r\nx\r\n"
        #expect(throws: Refusal.self) { try decodeChunks(Array(String(repeating: chunk, count: 20).utf8), cuts: []) }
        let trailer = "0\r\n" + String(repeating: "X: \(String(repeating: "y", count: 100))\r\n", count: 50)
        #expect(throws: Refusal.self) { try decodeChunks(Array(trailer.utf8), cuts: []) }
    }

    private func decodeMultipart(
        _ body: [UInt8], boundary: String, cuts: [Int]
    ) throws -> (file: [UInt8], name: String?) {
        var decoder = try #require(MultipartFileDecoder(contentType: "Multipart/Form-Data; boundary=\"\(boundary)\""))
        var file: [UInt8] = []
        for (start, end) in zip([0] + cuts, cuts + [body.count]) {
            try Array(body[start..<end]).withUnsafeBytes { bytes in
                try decoder.push(bytes) { file.append(contentsOf: $0) }
            }
        }
        try decoder.finish()
        return (file, decoder.fileName)
    }

    private func multipart(_ file: [UInt8], boundary: String) -> [UInt8] {
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\nfield\r\n--\(boundary)\r\n"
            + "content-disposition: form-data; name=\"f\"; filename=\"n.bin\"\r\n\r\n"
        return Array(head.utf8) + file + Array("\r\n--\(boundary)--\r\nepilogue".utf8)
    }

    @Test func multipartFileIsTheSameAtAnySplit() throws {
        // Everything that looks like the beginning of a delimiter.
        let file = Array("a\r\n--bo\r\n-\r--bound\r\n--boundarx\r\r\n".utf8)
        let body = multipart(file, boundary: "boundary")
        for first in 0...body.count {
            for second in stride(from: first, through: body.count, by: 3) {
                let decoded = try decodeMultipart(body, boundary: "boundary", cuts: [first, second])
                #expect(decoded.file == file)
                #expect(decoded.name == "n.bin")
            }
        }
        #expect(try decodeMultipart(multipart([], boundary: "b"), boundary: "b", cuts: []).file == [])
    }

    @Test func randomMultipartFilesComeBack() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("multipart seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let alphabet: [UInt8] = [13, 10, 45, 98, 120]
            let file = (0..<Int.random(in: 0..<60, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            let body = multipart(file, boundary: "bxb")
            guard !contains(file, Array("\r\n--bxb".utf8)) else { continue }
            let cuts = (0..<5).map { _ in Int.random(in: 0...body.count, using: &random) }.sorted()
            #expect(try decodeMultipart(body, boundary: "bxb", cuts: cuts).file == file)
        }
    }

    private func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: needle) }
    }

    @Test func headerParametersAreRead() {
        let parameters = HeaderParameters(
            "Form-Data ; Name=\"a;b\"; filename=\"C:\\dir\\x \\\"y\\\".txt\" ;size = 3; x=y")
        #expect(parameters.value == "form-data")
        #expect(parameters["name"] == "a;b")
        #expect(parameters["filename"] == "C:\\dir\\x \"y\".txt")
        #expect(parameters["x"] == nil)
        #expect(HeaderParameters("")["a"] == nil)
        #expect(HeaderParameters("a; b=\"unfinished")["b"] == "unfinished")
    }

    @Test func tooManyHeaderFieldsAreRefusedWithTheirNumber() {
        let parser = RequestHeadParser(maxTargetBytes: 100, maxHeaderFields: 2)
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\nC: d\r\n\r\n".utf8)
        let refusal = #expect(throws: Refusal.self) { try parser.parse(head, remote: .unknown) }
        #expect(refusal?.status == 431)
        #expect(refusal?.detail == "The request has more than 2 header fields.")
    }

    @Test func headScannerLooksAtEachLineOnce() {
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        for cut in 0..<head.count {
            var scanner = HeadScanner()
            #expect(Array(head[..<cut]).withUnsafeBytes { scanner.scan($0) } == .incomplete)
            #expect(head.withUnsafeBytes { scanner.scan($0) } == .complete(byteCount: head.count))
        }
        // Empty lines before the request line belong to the head (RFC 9112 section 2.2).
        let late = Array("\r\n\r\n".utf8) + head
        for cut in 0..<late.count {
            var scanner = HeadScanner()
            #expect(Array(late[..<cut]).withUnsafeBytes { scanner.scan($0) } == .incomplete)
            #expect(late.withUnsafeBytes { scanner.scan($0) } == .complete(byteCount: late.count))
            #expect(scanner.emptyLineBytes == 4)
        }
        var scanner = HeadScanner()
        #expect(Array("GET /\n".utf8).withUnsafeBytes { scanner.scan($0) } == .noLines)
    }

    @Test func dateIsIMFFixdate() {
        #expect(ReplyText.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
