import Foundation
import Logging
import MillstreamJSON
import MillstreamJournal
import Testing

@testable import Millstream

@Suite struct LogTests {
    private func line(_ message: String, _ fields: Logger.Metadata = [:], level: Logger.Level = .info) -> LogLine {
        LogLine(time: Timestamp(milliseconds: 0), level: level, message: message, fields: fields)
    }

    private func text(_ line: LogLine) -> String { String(decoding: line.text, as: UTF8.self) }
    private func json(_ line: LogLine) -> String { String(decoding: line.json, as: UTF8.self) }

    private let directory = FileManager.default.temporaryDirectory.path + "/"

    @Test func linesAreGolden() {
        let one = line("job ended", ["job": "j1", "state": "completed", "request_id": "r9", "why": "a b", "n": "\(3)"])
        #expect(
            text(one)
                == "1970-01-01T00:00:00.000Z info     job ended request_id=r9 job=j1 n=3 state=completed why=\"a b\"\n")
        #expect(
            json(one)
                == "{\"time\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"message\":\"job ended\",\"request_id\":\"r9\","
                + "\"job\":\"j1\",\"n\":\"3\",\"state\":\"completed\",\"why\":\"a b\"}\n")
    }

    @Test func whateverAPeerSendsItStaysOneLine() throws {
        let nasty = "a\nb\r\u{1B}[31m\u{2028}\"\\\u{0}"
        let one = line(
            nasty, ["message": .string(nasty), "x\ny": .array([.string(nasty), .dictionary(["k": .string(nasty)])])])
        #expect(text(one).filter(\.isNewline).count == 1)
        #expect(!text(one).contains("\u{1B}"))
        let parsed = try JSONText(validating: one.json.dropLast())
        #expect(one.json.filter { $0 == 0x0A }.count == 1)
        #expect(parsed.member("message")?.stringValue == nasty)
        #expect(parsed.member("message_")?.stringValue == nasty)
        #expect(try parsed.members().count == 5)
    }

    @Test(arguments: [
        "GET /v1/events?channel=a&token=S3CRET&x=1", "/v1/jobs/x/events?access_token=S3CRET",
        "Authorization: Bearer S3CRET",
        "authorization: Basic S3CRET", "head {\"token\":\"S3CRET\"}", "bearer S3CRET in the middle",
        "Cookie: a=S3CRET; b=S3CRET",
        "TOKEN=S3CRET", "x%26token%3DS3CRET", "api_key=S3CRET&b", "?ticket=S3CRET",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJTM0NSRVQifQ.S3CRET",
    ])
    func noTokenIsLogged(_ secret: String) {
        for one in [
            line(secret), line("x", ["target": .string(secret)]),
            line("x", ["a": .array([.dictionary(["b": .string(secret)])])]),
        ] {
            #expect(!text(one).contains("S3CRET"), "\(text(one))")
            #expect(!json(one).contains("S3CRET"), "\(json(one))")
            #expect(text(one).contains("[redacted]"))
        }
    }

    @Test func fieldsWithSecretNamesAreNotShown() {
        for name in [
            "token", "access_token", "Authorization", "X-Api-Key", "set-cookie", "db_password", "clientSecret",
        ] {
            for value in [Logger.MetadataValue.string("S3CRET"), .array(["S3CRET"]), .dictionary(["a": "S3CRET"])] {
                #expect(!text(line("x", [name: value])).contains("S3CRET"))
                #expect(!json(line("x", [name: value])).contains("S3CRET"))
            }
        }
    }

    @Test func ordinaryWordsAreLeftAlone() {
        for words in [
            "bearer", "tokens are fine", "basic", "GET /v1/jobs?state=queued", "eye", "signature of a function",
        ] {
            #expect(Redaction.redacted(words) == words)
        }
        #expect(Redaction.redacted("/e?token=a&after=3") == "/e?token=[redacted]&after=3")
    }

    @Test func longValuesAreCut() {
        #expect(text(line(String(repeating: "x", count: 100_000))).utf8.count < 5000)
    }

    @Test func loggerWritesToTheFileAndTheServersLevelHolds() throws {
        let path = directory + UUID().uuidString + ".log"
        defer { unlink(path) }
        var settings = ServerConfiguration.Log()
        settings.file = path
        let log = try ServerLog(settings)
        var logger = log.logger()
        logger[metadataKey: "job"] = "j1"
        logger.debug("not yet")
        logger.info("one", metadata: ["a": "b"])
        settings.level = .debug
        settings.format = .json
        log.reconfigure(settings)
        logger.debug("two")
        log.close()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("info     one job=j1 a=b") == true)
        #expect(lines.last?.contains("\"message\":\"two\",\"job\":\"j1\"") == true)
    }

    @Test func fileIsOpenedAgainAfterItWasMovedAway() throws {
        let path = directory + UUID().uuidString + ".log"
        defer {
            unlink(path)
            unlink(path + ".1")
        }
        var settings = ServerConfiguration.Log()
        settings.file = path
        let log = try ServerLog(settings)
        log.logger().info("before")
        // The first line must be out before the file moves; its arrival is waited for.
        let deadline = Date(timeIntervalSinceNow: 120)
        while (try? String(contentsOfFile: path, encoding: .utf8))?.contains("before") != true, Date() < deadline {
            sched_yield()
        }
        rename(path, path + ".1")
        log.reconfigure(settings)
        log.logger().info("after")
        log.close()
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).contains("before"))
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("after"))
    }

    @Test func fileThatCannotBeOpenedIsAFailureAtStartAndALineLater() throws {
        var settings = ServerConfiguration.Log()
        settings.file = "/does/not/exist/x.log"
        #expect(throws: LogFailure.self) { try ServerLog(settings) }
        let path = directory + UUID().uuidString + ".log"
        defer { unlink(path) }
        settings.file = path
        let log = try ServerLog(settings)
        settings.file = "/does/not/exist/x.log"
        log.reconfigure(settings)
        log.close()
        #expect(
            try String(contentsOfFile: path, encoding: .utf8).contains(
                "the log stays where it is: log.file: /does/not/exist"))
    }

    @Test func stuckReaderCostsLinesButNobodyWaits() throws {
        // A FIFO that nobody reads is a disk that is stuck.
        let path = directory + UUID().uuidString + ".fifo"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        var settings = ServerConfiguration.Log()
        settings.file = path
        settings.queueBytes = 64 << 10
        let log = try ServerLog(settings)
        let logger = log.logger()
        let padding = String(repeating: "x", count: 1000)
        for _ in 0..<1000 { logger.info("\(padding)") }
        #expect(log.droppedLines > 500)
        // Read until the count of what was lost comes; it is written with the first line that finds room again.
        var last = ""
        var isTold = false
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let deadline = Date(timeIntervalSinceNow: 120)
        while !isTold, Date() < deadline {
            let count = read(reader, &buffer, buffer.count)
            guard count > 0 else {
                logger.info("more")
                sched_yield()
                continue
            }
            let text = last + String(decoding: buffer[..<count], as: UTF8.self)
            isTold = text.contains("log lines were dropped")
            last = String(text.suffix(100))
        }
        close(reader)
        #expect(isTold)
        log.close(timeoutMs: 100)
    }
}
