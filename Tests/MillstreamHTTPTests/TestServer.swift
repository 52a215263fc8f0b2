import Glibc
import MillstreamHTTP
import MillstreamLoop
import Synchronization
import Testing

// A real server on a thread of its own, for tests. A test talks to it through sockets, and to its application through
// `onLoop`, which runs a closure on the loop's thread and gives its result back.

final class TestServer: Sendable {
    typealias Work = @Sendable (TestApplication) -> Void

    let address: ListenAddress
    let inbox: Mailbox<Work>
    private let ended: Signal

    /// Starts the server and waits until it listens.
    init(
        _ settings: HTTPServerSettings = HTTPServerSettings(),
        on asked: ListenAddress = .tcp(host: "127.0.0.1", port: 0)
    ) throws {
        let inbox = try Mailbox<Work>(capacity: 1_000)
        let started = Answer<Result<ListenAddress, HTTPServerError>>()
        let ended = Signal()
        Thread.start {
            do {
                let loop = try EventLoop()
                let application = TestApplication(loop: loop)
                inbox.attach(to: loop) { batch in
                    for work in batch { work(application) }
                }
                do throws(HTTPServerError) {
                    let server = try HTTPServer(loop: loop, settings: settings, application: application)
                    application.server = server
                    server.streams.delegate = application
                    started.give(.success(try server.listen(on: asked)))
                } catch {
                    started.give(.failure(error))
                    return
                }
                loop.run()
                application.server?.close()
                application.server = nil
            } catch {
                started.give(.failure(.outOfResources))
            }
            ended.raise()
        }
        address = try started.wait().get()
        self.inbox = inbox
        self.ended = ended
    }

    deinit {
        stop()
    }

    /// Ends the loop and waits for it.
    func stop() {
        guard inbox.post({ $0.loop.stop() }) else { return }
        inbox.close()
        ended.wait()
    }

    /// Runs `work` on the loop's thread and returns what it returns.
    func onLoop<Value: Sendable>(_ work: @escaping @Sendable (TestApplication) -> Value) -> Value {
        let answer = Answer<Value>()
        inbox.post { answer.give(work($0)) }
        return answer.wait()
    }

    /// Waits until `condition` holds on the loop's thread: it is asked again after each tick, up to five minutes.
    func waitUntil(_ condition: @escaping @Sendable (TestApplication) -> Bool) -> Bool {
        let deadline = MonotonicTime.current().advanced(byMs: 300_000)
        while MonotonicTime.current() < deadline {
            if onLoop(condition) { return true }
            usleep(1_000)
        }
        return false
    }

    var port: UInt16 {
        if case .tcp(_, let port) = address { port } else { 0 }
    }

    func connect() throws -> Client {
        try Client(to: address)
    }

    /// Runs `body` while the loop stands still, so that what it sends is there before the server looks.
    @discardableResult
    func whileLoopWaits<Value>(_ body: () throws -> Value) rethrows -> Value {
        let arrived = Signal()
        let gate = Signal()
        inbox.post { _ in
            arrived.raise()
            gate.wait()
        }
        arrived.wait()
        defer { gate.raise() }
        return try body()
    }

    /// A client whose request is there before its connection is accepted: no time of the server's runs out between the two.
    func ask(_ line: String, _ headers: [String] = [], body: String = "") throws -> Client {
        try whileLoopWaits {
            let client = try connect()
            try client.request(line, headers, body: body)
            return client
        }
    }

    static let streamRequest = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"

    /// A client with a stream whose head it has read.
    func openStream(receiveBufferBytes: Int32? = nil) throws -> Client {
        let before = onLoop { $0.streams.count }
        let client = try Client(to: address, receiveBufferBytes: receiveBufferBytes)
        try client.send(Self.streamRequest)
        _ = try client.read(through: "\r\n\r\n")
        #expect(waitUntil { $0.streams.count == before + 1 })
        return client
    }
}

/// A value that one thread waits for and another gives.
final class Answer<Value: Sendable>: Sendable {
    private let lock = ConditionLock()
    private let value = Locked<Value?>(nil)

    func give(_ value: Value) {
        lock.withLock {
            self.value.withLock { $0 = value }
            lock.broadcast()
        }
    }

    func wait() -> Value {
        lock.acquire()
        defer { lock.release() }
        while true {
            if let value = value.withLock({ $0 }) { return value }
            precondition(lock.wait(until: MonotonicTime.current().advanced(byMs: 300_000)), "no answer from the loop")
        }
    }
}

final class Signal: Sendable {
    private let answer = Answer<Bool>()

    func raise() { answer.give(true) }
    func wait() { _ = answer.wait() }
}

enum Thread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ run: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        let status = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, body)
        precondition(status == 0, "no thread")
        pthread_detach(thread)
    }
}
