import Dispatch
import Glibc

// The standard input of a program: what the pipe does not take now waits here, up to a bound, and nobody waits for it. A program
// that does not read, or has closed its input, is no error. Confined to the program's serial queue.

final class PipeWriter: @unchecked Sendable {
    // Sendable: used on `queue` alone; the Dispatch source's callbacks run there too.
    private let fd: Int32
    private let source: any DispatchSourceWrite
    private let maxPendingBytes: Int
    private var pending = FIFO<[UInt8]>()
    private var pendingBytes = 0
    /// How much of the first pending piece is written.
    private var offset = 0
    private var isArmed = false
    private var isClosed = false
    private var closesWhenDrained = false

    /// - Parameter fd: non-blocking; owned from here on.
    init(fd: Int32, queue: DispatchQueue, maxPendingBytes: Int) {
        self.fd = fd
        self.maxPendingBytes = maxPendingBytes
        source = DispatchSource.makeWriteSource(fileDescriptor: fd, queue: queue)
    }

    func start() {
        let fd = fd
        source.setEventHandler { [self] in writeSome() }
        source.setCancelHandler { Glibc.close(fd) }
    }

    /// Queues bytes and writes what the pipe takes. False when more waits than the bound allows: nothing was queued then. The
    /// first piece is taken whatever its size.
    func write(_ bytes: [UInt8]) -> Bool {
        guard !isClosed, !closesWhenDrained else { return true }
        guard pending.isEmpty || pendingBytes + bytes.count <= maxPendingBytes else { return false }
        pending.append(bytes)
        pendingBytes += bytes.count
        if !isArmed { writeSome() }
        return true
    }

    /// Closes once everything is written.
    func closeWhenDrained() {
        closesWhenDrained = true
        if pending.isEmpty { close() }
    }

    /// Closes now; what is not written is dropped.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        pending = FIFO()
        pendingBytes = 0
        source.cancel()
        // A source begins suspended and must not be released so.
        if !isArmed { source.resume() }
        isArmed = true
    }

    private func writeSome() {
        while !isClosed, let piece = pending.first {
            let rest = piece.count - offset
            let written = piece.withUnsafeBytes { Glibc.write(fd, $0.baseAddress.map { $0 + offset }, rest) }
            if written < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN || errno == EWOULDBLOCK else {
                    // EPIPE: the program does not want it.
                    close()
                    return
                }
                arm()
                return
            }
            pendingBytes -= written
            offset += written
            if offset == piece.count {
                _ = pending.popFirst()
                offset = 0
            }
        }
        disarm()
        if closesWhenDrained { close() }
    }

    private func arm() {
        guard !isArmed, !isClosed else { return }
        isArmed = true
        source.resume()
    }

    private func disarm() {
        guard isArmed, !isClosed else { return }
        isArmed = false
        source.suspend()
    }
}
