import CLoad
import Glibc
import Measuring
import Testing

@testable import Load

/// What the way of an event through the engine costs, in what does not depend on the machine's speed. It is what lets the generator read
/// a million events a second (`sse-load self-test`): one read for all that lies in a socket, and nothing allocated for an event.
@Suite struct ReadingCostTests {
    private static let streams = 40
    private static let eventsPerRead = 14

    @Test func whatLiesInASocketCostsOneRead() throws {
        let server = try FrameServer(streams: Self.streams)
        let group = try server.open()
        // Tables grow to their size in the first round.
        try server.send(events: Self.eventsPerRead, after: 0)
        server.readAll()
        let before = group.received
        try server.send(events: Self.eventsPerRead, after: Self.eventsPerRead)
        let meter = Meter()
        meter.count { server.readAll() }
        let counts = meter.read()
        #expect(group.received - before == Self.streams * Self.eventsPerRead)
        #expect(group.phaseCounts.faults == 0)
        #expect(counts.calls == ["epoll_wait": 1, "recv": UInt64(Self.streams)])
        // The histogram's two, in a build that is not optimized.
        #expect(counts.allocations <= 2 * UInt64(Self.streams * Self.eventsPerRead))
    }
}

/// Streams that are opened by an engine and answered on the same thread, so that all that was sent lies there when the engine looks.
private final class FrameServer {
    private let listener: Int32
    private let engine: LoadEngine
    private let streams: Int
    private var sockets: [Int32] = []

    init(streams: Int) throws {
        self.streams = streams
        var port: UInt16 = 0
        listener = cload_listen(0x7F00_0001, &port, 128)
        try #require(listener >= 0)
        let target = try ServerTarget(port: port, dialect: .generic)
        engine = try LoadEngine(target: target, channel: "", sources: 0, capacity: streams)
    }

    deinit {
        for socket in sockets { close(socket) }
        close(listener)
    }

    func open() throws -> StreamGroup {
        let group = engine.addGroup(ReaderGroup(count: streams))
        for slot in group.slots {
            engine.open(slot)
            // The connection is there, or it will be in a moment of the kernel's: the listener can be waited for.
            var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            try #require(poll(&descriptor, 1, 10_000) == 1)
            let socket = cload_accept(listener)
            try #require(socket >= 0)
            sockets.append(socket)
            try send(EventFrames.head, to: socket)
        }
        while engine.live < streams { engine.turn(waitNs: 1_000_000_000) }
        group.beginPhase()
        return group
    }

    func send(events: Int, after number: Int) throws {
        var frames: [UInt8] = []
        for event in 1...events {
            frames += EventFrames.chunk(EventFrames.event(number + event, time: cload_now_ns()))
        }
        for (slot, socket) in sockets.enumerated() {
            try send(frames, to: socket)
            try awaitBytes(frames.count, in: engine.stream(slot).pointee.fd)
        }
    }

    /// Under load the kernel delivers later than `send` returns, and a read would find half of it.
    private func awaitBytes(_ count: Int, in socket: Int32) throws {
        for (least, isAwaited) in [(Int32(count), true), (1, false)] {
            var least = least
            setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &least, socklen_t(MemoryLayout<Int32>.size))
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if isAwaited { try #require(poll(&descriptor, 1, 10_000) == 1) }
        }
    }

    /// One turn, which finds all streams: they are fewer than a turn takes.
    func readAll() { engine.turn(waitNs: 1_000_000_000) }

    private func send(_ bytes: [UInt8], to socket: Int32) throws {
        try #require(cload_send(socket, bytes, bytes.count) == bytes.count)
    }
}
