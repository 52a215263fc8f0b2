import Glibc
import MillstreamLoop

// The standard input of a program: what the pipe does not take now waits here, up to a bound, and nobody waits for it. A program
// that does not read, or has closed its input, is no error. Confined to the program's thread.

final class PipeWriter {
    private let fd: Int32
    private let maxPendingBytes: Int
    private var watch: DescriptorWatch?
    private var pending = FIFO<[UInt8]>()
    private var pendingBytes = 0
    /// How much of the first pending piece is written.
    private var offset = 0
    private var state = State.open

    private enum State {
        case open
        /// The pipe is full; its watch is armed.
        case waiting
        case closed
    }

    private var closesWhenDrained = false

    /// - Parameter fd: non-blocking; owned from here on.
    init(fd: Int32, queue: SerialThread, poller: DescriptorPoller, maxPendingBytes: Int) {
        self.fd = fd
        self.maxPendingBytes = maxPendingBytes
        watch = poller.watch(fd, .write, on: queue) { [self] in
            if state == .waiting { writeSome() }
        }
    }

    /// Queues bytes and writes what the pipe takes. False when more waits than the bound allows: nothing was queued then. The
    /// first piece is taken whatever its size.
    func write(_ bytes: [UInt8]) -> Bool {
        guard state != .closed, !closesWhenDrained else { return true }
        guard pending.isEmpty || pendingBytes + bytes.count <= maxPendingBytes else { return false }
        pending.append(bytes)
        pendingBytes += bytes.count
        if state == .open { writeSome() }
        return true
    }

    /// Closes once everything is written.
    func closeWhenDrained() {
        closesWhenDrained = true
        if pending.isEmpty { close() }
    }

    /// Closes now; what is not written is dropped.
    func close() {
        guard state != .closed else { return }
        state = .closed
        pending = FIFO()
        pendingBytes = 0
        watch?.cancel()
        watch = nil
        Glibc.close(fd)
    }

    private func writeSome() {
        while let piece = pending.first {
            let rest = piece.count - offset
            let written = piece.withUnsafeBytes { Glibc.write(fd, $0.baseAddress.map { $0 + offset }, rest) }
            if written < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN || errno == EWOULDBLOCK else {
                    // EPIPE: the program does not want it.
                    close()
                    return
                }
                state = .waiting
                watch?.arm()
                return
            }
            pendingBytes -= written
            offset += written
            if offset == piece.count {
                _ = pending.popFirst()
                offset = 0
            }
        }
        state = .open
        if closesWhenDrained { close() }
    }
}
