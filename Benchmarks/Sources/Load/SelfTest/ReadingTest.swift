import CLoad
import Glibc

/// The whole reading side against a writer that does nothing but write: a second thread, on another core, sends frames that were made
/// beforehand (ids rise; the time is set per batch) to many streams over loopback sockets. Reported is the CPU time of the reading
/// thread, system calls included: what the generator costs beside what it measures.
public struct ReadingTest: Sendable {
    public struct Result: Sendable {
        public var streams: Int
        public var batch: Int
        public var events: Int
        public var expected: Int
        public var faults: Int
        public var eventsPerRead: Double
        public var cpuUsPerEvent: Double
        /// What of it the kernel took: the waits and the reads.
        public var kernelUsPerEvent: Double
        public var eventsPerS: Double

        /// What one core could read when it did nothing else.
        public var eventsPerCoreS: Double { cpuUsPerEvent > 0 ? 1e6 / cpuUsPerEvent : 0 }

        public var isRight: Bool { events == expected && faults == 0 }

        public var line: String {
            func two(_ number: Double) -> String {
                let hundredths = Int((number * 100).rounded())
                return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
            }
            return "reading, \(streams) streams, \(batch) events a write: \(isRight ? "right" : "WRONG"), "
                + "\(events) of \(expected) events, \(two(eventsPerRead)) a read, \(two(cpuUsPerEvent * 1000)) ns CPU an event "
                + "(\(two(kernelUsPerEvent * 1000)) in the kernel), "
                + "\(two(eventsPerCoreS / 1e6)) M events/s a core (\(two(eventsPerS / 1e6)) M/s seen)"
        }
    }

    private let streams: Int
    private let eventsPerStream: Int
    private let batch: Int

    public init(streams: Int, eventsPerStream: Int, batch: Int) {
        self.streams = streams
        self.eventsPerStream = eventsPerStream
        self.batch = batch
    }

    public func run() throws(LoadError) -> Result {
        let limit = OwnProcess.raiseDescriptorLimit()
        guard 2 * streams + 64 <= limit else { throw .tooFewDescriptors(needed: 2 * streams + 64, limit: limit) }
        var port: UInt16 = 0
        let listener = cload_listen(0x7F00_0001, &port, 4096)
        guard listener >= 0 else { throw .system("listen", errno) }
        let writer = FrameWriter(
            listener: listener, streams: streams, batches: max(1, eventsPerStream / batch), batch: batch)
        let thread = try writer.start()
        let target = try ServerTarget(port: port, dialect: .generic)
        let engine = try LoadEngine(target: target, channel: "", sources: 0, capacity: streams)
        let group = engine.addGroup(ReaderGroup(count: streams))
        let wave = OpenWave(engine, slots: Array(group.slots), window: 64, resuming: false)
        let observer = WaveObserver(wave)
        group.observer = observer
        while !wave.isDone {
            wave.pump()
            engine.turn(waitNs: 10_000_000)
        }
        group.beginPhase()
        let expected = streams * writer.batches * batch
        let cpu = cload_thread_cpu_ns()
        let kernel = cload_thread_kernel_ns()
        let start = cload_now_ns()
        writer.begin()
        while group.received < expected, engine.live > 0, cload_now_ns() - start < 120_000_000_000 {
            engine.turn(waitNs: 100_000_000)
        }
        let seconds = Double(cload_now_ns() - start) / 1e9
        let cpuUs = Double(cload_thread_cpu_ns() - cpu) / 1000
        let kernelUs = Double(cload_thread_kernel_ns() - kernel) / 1000
        let counts = group.phaseCounts
        for slot in group.slots { engine.cut(slot) }
        pthread_join(thread, nil)
        close(listener)
        return Result(
            streams: streams, batch: batch, events: counts.events, expected: expected,
            faults: counts.faults + wave.errors + counts.unreadableIds,
            eventsPerRead: counts.reads > 0 ? Double(counts.events) / Double(counts.reads) : 0,
            cpuUsPerEvent: counts.events > 0 ? cpuUs / Double(counts.events) : 0,
            kernelUsPerEvent: counts.events > 0 ? kernelUs / Double(counts.events) : 0,
            eventsPerS: Double(counts.events) / seconds)
    }
}

private final class WaveObserver: StreamObserver {
    private let wave: OpenWave

    init(_ wave: OpenWave) { self.wave = wave }

    func streamDidOpen(_ slot: Int, now: UInt64) { wave.didOpen(slot, now: now) }

    func streamDidFail(_ slot: Int, error: Int32, status: Int, now: UInt64) {
        wave.didFail(slot, error: error, status: status)
    }
}

/// The writing thread. `@unchecked Sendable`: all members are set before the thread starts, but for the gate, a pipe.
private final class FrameWriter: @unchecked Sendable {
    private let listener: Int32
    private let streams: Int
    let batches: Int
    private let batch: Int
    private var gate: [Int32] = [0, 0]

    init(listener: Int32, streams: Int, batches: Int, batch: Int) {
        self.listener = listener
        self.streams = streams
        self.batches = batches
        self.batch = batch
    }

    func start() throws(LoadError) -> pthread_t {
        guard pipe(&gate) == 0 else { throw .system("pipe", errno) }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let error = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<FrameWriter>.fromOpaque(argument).takeRetainedValue().write() }
                return nil
            }, argument)
        guard error == 0 else { throw .system("pthread_create", error) }
        return thread
    }

    func begin() {
        var byte: UInt8 = 1
        _ = Glibc.write(gate[1], &byte, 1)
    }

    private func write() {
        let sockets = acceptAll()
        var byte: UInt8 = 0
        _ = read(gate[0], &byte, 1)
        for number in 0..<batches {
            var frames: [UInt8] = []
            let now = cload_now_ns()
            for event in 1...batch {
                frames += EventFrames.chunk(EventFrames.event(number * batch + event, time: now))
            }
            for socket in sockets where !sendAll(socket, frames) { return finish(sockets) }
        }
        finish(sockets)
    }

    /// Waits until the reader has gone, then frees all.
    private func finish(_ sockets: [Int32]) {
        for socket in sockets {
            var byte: UInt8 = 0
            while true {
                wait(socket, Int16(POLLIN))
                let count = cload_receive(socket, &byte, 1)
                if count == 0 || (count < 0 && errno != EAGAIN) { break }
            }
            close(socket)
        }
        close(gate[0])
        close(gate[1])
    }

    private func acceptAll() -> [Int32] {
        var sockets: [Int32] = []
        while sockets.count < streams {
            wait(listener, Int16(POLLIN))
            let socket = cload_accept(listener)
            guard socket >= 0 else { continue }
            _ = cload_no_delay(socket)
            _ = sendAll(socket, EventFrames.head)
            sockets.append(socket)
        }
        return sockets
    }

    private func sendAll(_ socket: Int32, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return true }
            var sent = 0
            while sent < buffer.count {
                let count = cload_send(socket, base + sent, buffer.count - sent)
                if count > 0 {
                    sent += count
                } else if count < 0, errno == EAGAIN {
                    wait(socket, Int16(POLLOUT))
                } else {
                    return false
                }
            }
            return true
        }
    }

    private func wait(_ fd: Int32, _ events: Int16) {
        var descriptor = pollfd(fd: fd, events: events, revents: 0)
        poll(&descriptor, 1, 1000)
    }
}
