// Thousands of open streams at a time: each gets each event, in order, and the memory of each is small.

import Foundation
import MillstreamSSE
import Testing

@Suite(.serialized) struct ManyStreamsTests {
    private static let isLarge = ProcessInfo.processInfo.environment["MILLSTREAM_TESTS_LARGE"] == "1"

    /// Raises the soft descriptor limit to the hard one; returns it.
    private func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(limit.rlim_cur)
    }

    @Test(arguments: isLarge ? [5000, 19_000] : [5000])
    func allReadersOfAChannelGetEachEvent(count: Int) throws {
        guard Requirement.isMet(raiseDescriptorLimit() >= count + 500, "\(count + 500) descriptors") else { return }
        let server = try ServerProcess()
        let before = server.procStatus("VmRSS")
        var streams: [TestStream] = []
        streams.reserveCapacity(count)
        for _ in 0..<count { streams.append(try server.client.stream("/v1/events?channel=crowd")) }
        let perStream = (server.procStatus("VmRSS") - before) * 1024 / count
        print("\(count) idle streams: \(perStream) bytes each")
        #expect(perStream < 4096)

        let events = 10
        for n in 1...events {
            let answer = try server.client.post("/v1/channels/crowd/events", json: "{\"event\":\"e\",\"data\":\(n)}")
            #expect(answer.status == 200)
        }
        var wrong = 0
        for stream in streams {
            for n in 1...events {
                let event = try stream.next()
                if event?.data != "\(n)" || event?.sequence != n { wrong += 1 }
            }
        }
        #expect(wrong == 0)
        #expect(try server.client.get("/livez").status == 200)
    }

    @Test func oneStreamMoreThanAllowedIsToldToComeBack() throws {
        let server = try ServerProcess(configuration: "limits:\n  max_streams: 20\n")
        let streams = try (0..<20).map { _ in try server.client.stream("/v1/events?channel=c") }
        let one = try server.client.stream("/v1/events?channel=c")
        #expect(one.status == 200, "any other status ends an EventSource for good")
        let events = try one.rest()
        #expect(events.map(\.name) == ["closing"])
        #expect(events.first?.object["reason"] as? String == "overload")
        #expect((events.first?.object["retry_ms"] as? Int ?? 0) > 0)
        #expect(one.endedCleanly)
        _ = try server.client.post("/v1/channels/c/events", json: "{\"event\":\"e\",\"data\":1}")
        for stream in streams { #expect(try stream.next()?.data == "1") }
    }

    /// Beyond the limit nobody is accepted, or is refused in words; the processor is not burnt, and room is used again.
    @Test func moreConnectionsThanDescriptorsDoNoHarm() throws {
        guard let prlimit = Requirement.program("prlimit") else { return }
        let files = try TemporaryDirectory()
        let process = try ChildProcess(
            prlimit,
            [
                "--nofile=256:256", ServerProcess.binary.path, "serve", "--port", "0", "--data",
                files.file("data").path,
                "--demo",
            ], output: .pipe, errors: files.file("log"))
        let port = try #require(try process.readLine()?.split(separator: ":").last.flatMap { UInt16($0) })
        var connections = try (0..<400).map { _ in try TestConnection(port: port) }
        for connection in connections { try? connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n") }
        connections.removeAll()
        let ticks = { try cpuTicks(of: process.pid) }
        let before = try ticks()
        #expect(eventually { (try? TestClient(port: port).get("/livez").status) == 200 })
        #expect(process.isRunning)
        #expect(try ticks() - before < 500, "ticks of the processor")
        let log = try String(contentsOf: files.file("log"), encoding: .utf8)
        #expect(log.split(separator: "\n").count < 200, "the log is not flooded")
    }

    /// User and system time in clock ticks.
    private func cpuTicks(of pid: pid_t) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = text.split(separator: " ")
        return (Int(fields[13]) ?? 0) + (Int(fields[14]) ?? 0)
    }
}
