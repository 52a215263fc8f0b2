import Glibc
import MillstreamHTTP
import MillstreamLoop
import Testing

@Suite struct ListenerTests {
    private func hello(_ server: TestServer) throws -> Int {
        let client = try server.connect()
        try client.request("GET /hello")
        return try client.readResponse().status
    }

    @Test func freePortIsReported() throws {
        let server = try TestServer()
        #expect(server.port != 0)
        #expect(try hello(server) == 200)
    }

    @Test func ipv6IsServed() throws {
        let server = try TestServer(on: .tcp(host: "::1", port: 0))
        #expect(server.address.description.hasPrefix("[::1]:"))
        #expect(try hello(server) == 200)
    }

    @Test func takenPortIsAnError() throws {
        let server = try TestServer()
        let taken = ListenAddress.tcp(host: "127.0.0.1", port: server.port)
        #expect(throws: HTTPServerError.cannotListen(taken, errorNumber: EADDRINUSE)) { try TestServer(on: taken) }
        #expect(throws: HTTPServerError.unknownHost("no.such.invalid")) {
            try TestServer(on: .tcp(host: "no.such.invalid", port: 0))
        }
    }

    @Test func unixSocketIsServedAndRemoved() throws {
        let directory = try TemporaryDirectory()
        let address = ListenAddress.unix(path: "\(directory.path)/s")
        let server = try TestServer(on: address)
        #expect(try hello(server) == 200)
        let client = try server.connect()
        try client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.read(through: "data: {}\n\n\r\n")
        #expect(throws: HTTPServerError.cannotListen(address, errorNumber: EADDRINUSE)) { try TestServer(on: address) }
        server.stop()
        #expect(directory.files.isEmpty)
    }

    @Test func takenAddressThatNobodyServesIsGivenBack() throws {
        let directory = try TemporaryDirectory()
        let address = ListenAddress.unix(path: "\(directory.path)/s")
        var taken: ListeningSocket? = try ListeningSocket(address, settings: HTTPServerSettings())
        #expect(directory.files == ["s"])
        #expect(throws: HTTPServerError.cannotListen(address, errorNumber: EADDRINUSE)) { try TestServer(on: address) }
        #expect(taken?.address == address)
        taken = nil
        #expect(directory.files.isEmpty)
    }

    @Test func staleUnixSocketIsReplacedAndAFileIsNot() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/s"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        _ = withUnsafeBytes(of: &name) {
            bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        close(descriptor)
        #expect(directory.files == ["s"])
        let server = try TestServer(on: .unix(path: path))
        #expect(try hello(server) == 200)
        server.stop()
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        #expect(throws: HTTPServerError.notASocket(path: path)) { try TestServer(on: .unix(path: path)) }
        #expect(directory.files == ["s"])
    }

    @Test func connectionPastTheLimitGets503() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 3
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        var clients = try (0..<3).map { _ in try server.connect() }
        for client in clients {
            try client.request("GET /hello")
            #expect(try client.readResponse().status == 200)
        }
        let excess = try server.connect()
        try excess.request("GET /hello")
        let refused = try excess.readResponse()
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "2")
        clients.removeLast().close()
        #expect(
            server.waitUntil { $0.server?.metrics.openConnections == 3 - 1 || $0.server?.metrics.openConnections == 3 })
        excess.close()
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 2 })
        #expect(try hello(server) == 200)
    }

    @Test func acceptingPausesFarPastTheLimitAndGoesOn() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 2
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        let clients = try (0..<100).map { _ in try server.connect() }
        #expect(server.waitUntil { $0.server?.metrics.openConnections == 2 + 64 })
        for client in clients { client.close() }
        // None is open for a moment before the rest are accepted, too.
        #expect(server.waitUntil { $0.server?.metrics.closed == 100 && $0.server?.metrics.openConnections == 0 })
        #expect(try hello(server) == 200)
    }

    @Test func aTickAcceptsAFewAndTheNextGoesOn() throws {
        let server = try TestServer()
        let steps = StepsOfAccepting()
        server.onLoop { application in
            application.loop.atTickEnd { [unowned application] in
                steps.note(application.server?.metrics.accepted ?? 0)
            }
        }
        // All of them wait when the loop looks: it is busy meanwhile.
        let address = server.address
        let clients = server.onLoop { _ in Clients((0..<50).compactMap { _ in try? Client(to: address) }) }
        #expect(server.waitUntil { $0.server?.metrics.accepted == 50 })
        #expect(clients.all.count == 50)
        let counts = server.onLoop { _ in steps.counts }
        #expect(counts.max() == 8)
        #expect(counts.reduce(0, +) == 50)
    }

    @Test func streamsCountAsConnections() throws {
        var settings = HTTPServerSettings()
        settings.maxConnections = 1
        settings.lingerTimeoutMs = 600_000
        let server = try TestServer(settings)
        let stream = try server.connect()
        try stream.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try stream.read(through: "data: {}\n\n\r\n")
        #expect(try hello(server) == 503)
        stream.close()
        #expect(server.waitUntil { $0.closeCount == 1 && $0.server?.metrics.openConnections == 0 })
        #expect(try hello(server) == 200)
    }

    @Test func drainEndsIdleConnectionsAndAnswersTheOthers() throws {
        // Not a port: as soon as the server gives it back, a test beside this one may listen there.
        let directory = try TemporaryDirectory()
        let server = try TestServer(on: .unix(path: "\(directory.path)/s"))
        let idle = try server.connect()
        try idle.request("GET /hello")
        _ = try idle.readResponse()
        let parked = try server.connect()
        try parked.request("GET /park")
        #expect(server.waitUntil { $0.parked.count == 1 })
        server.onLoop { $0.server?.beginDrain() }
        #expect(try idle.isClosedByServer())
        // Until a program that another test starts has come to its exec, it holds a copy of the socket.
        let accepted = server.onLoop { $0.server?.metrics.accepted }
        let address = server.address
        #expect(server.waitUntil { _ in (try? Client(to: address)) == nil })
        #expect(server.onLoop { $0.server?.metrics.accepted } == accepted)
        server.onLoop { $0.reply($0.parked[0], "last") }
        let response = try parked.readResponse()
        #expect(response.text == "last")
        #expect(response["connection"] == "close")
        #expect(try parked.isClosedByServer())
    }

    /// In a process of its own, because the limit is the process's.
    @Test func outOfDescriptorsNeitherSpinsNorLosesTheListener() async {
        await #expect(processExitsWith: .success) {
            let server = try TestServer()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            // The limit is that of the numbers, and whatever this process inherited has some of them.
            var fillers = (0..<16).map { _ in dup(0) }
            limit.rlim_cur = rlim_t((fillers.max() ?? 0) + 1)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            while case let filler = dup(0), filler >= 0 { fillers.append(filler) }
            // The client's end takes the last descriptor, the server's end has none.
            close(fillers.removeLast())
            let client = try server.connect()
            precondition(server.waitUntil { ($0.server?.metrics.acceptFailures ?? 0) > 0 })
            let look = { server.onLoop { ($0.loop.stats.tickCount, $0.server?.metrics.acceptFailures ?? 0) } }
            let (started, before) = (MonotonicTime.current(), look())
            // Whether it spins shows in time alone: it would be tens of thousands.
            usleep(300_000)
            let after = look()
            let ms = MonotonicTime.current().milliseconds(since: started)
            precondition(after.0 - before.0 < UInt64(50 + ms / 5), "\(after.0 - before.0) ticks in \(ms) ms")
            precondition(after.1 - before.1 <= UInt64(2 + ms / 90), "\(after.1 - before.1) failures in \(ms) ms")
            for filler in fillers { close(filler) }
            try client.request("GET /hello")
            let response = try client.readResponse()
            precondition(response.status == 200)
        }
    }
}

/// How many connections each tick brought. Sendable: used on the loop's thread only.
private final class StepsOfAccepting: @unchecked Sendable {
    private(set) var counts: [Int] = []
    private var accepted: UInt64 = 0

    func note(_ accepted: UInt64) {
        if accepted > self.accepted { counts.append(Int(accepted - self.accepted)) }
        self.accepted = accepted
    }
}

/// Sendable: made on the loop's thread, used by the test afterwards.
private final class Clients: @unchecked Sendable {
    let all: [Client]

    init(_ all: [Client]) { self.all = all }
}
