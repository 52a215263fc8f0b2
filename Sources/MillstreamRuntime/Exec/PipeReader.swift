import CMillstreamSpawn
import Glibc
import MillstreamLoop

// One output of a program: reads its pipe when there is something, hands out lines, and stops reading while the receiver cannot
// take more (then the program blocks on its pipe: that is the backpressure). Confined to the program's thread.

final class PipeReader {
    private let fd: Int32
    private let queue: SerialThread
    private var watch: DescriptorWatch?
    private var splitter: LineSplitter
    private var state = State.reading
    /// Nil while the program lives. After its end: how much may still come; all it wrote fits the pipe, and what comes beyond is
    /// from a stranger that holds the pipe.
    private var bytesLeft: Int?
    private let onLine: (OutputLine) -> Flow
    private let onFinish: () -> Void

    enum Flow {
        case more
        /// Nothing more until `resume`.
        case pause
    }

    private enum State {
        case reading
        case paused
        /// The end was seen while paused.
        case pausedAtEnd
        case finished
    }

    /// - Parameters:
    ///   - fd: non-blocking; owned from here on.
    ///   - onFinish: once, after the last line was taken.
    init(
        fd: Int32, queue: SerialThread, poller: DescriptorPoller, maxLineBytes: Int,
        onLine: @escaping (OutputLine) -> Flow, onFinish: @escaping () -> Void
    ) {
        self.fd = fd
        self.queue = queue
        self.onLine = onLine
        self.onFinish = onFinish
        splitter = LineSplitter(maxLineBytes: maxLineBytes)
        let watch = poller.watch(fd, .read, on: queue) { [self] in readSome() }
        self.watch = watch
        watch.arm()
    }

    var isFinished: Bool { state == .finished }
    /// Whether the pipe has reached its end, delivered or not.
    var hasEnded: Bool { state == .finished || state == .pausedAtEnd }

    /// The receiver can take more.
    func resume() {
        switch state {
        case .reading, .finished: return
        case .pausedAtEnd: finish()
        case .paused:
            state = .reading
            deliverLines()
            readSome()
        }
    }

    /// Reads what the program left in the pipe and ends, whoever else holds the other side.
    func programDidEnd() {
        guard bytesLeft == nil else { return }
        bytesLeft = Int(millstream_pipe_capacity(fd))
        readSome()
    }

    private func readSome() {
        // A program that floods takes turns with its neighbours on the queue.
        var budget = 256 << 10
        while state == .reading, budget > 0 {
            let count = readOnce(atMost: min(budget, bytesLeft ?? .max))
            guard count > 0 else { break }
            budget -= count
            if let left = bytesLeft { bytesLeft = max(0, left - count) }
            deliverLines()
            if state == .reading, bytesLeft == 0 { reachEnd() }
        }
        if state == .reading { watch?.arm() }
    }

    /// Reads one piece. 0 when there is nothing now, or ever.
    private func readOnce(atMost limit: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { piece in
            while true {
                let count = read(fd, piece.baseAddress, min(limit, piece.count))
                if count > 0 {
                    splitter.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
                    return count
                }
                if count < 0, errno == EINTR { continue }
                let isEmpty = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
                if !isEmpty || bytesLeft != nil { reachEnd() }
                return 0
            }
        }
    }

    private func deliverLines() {
        while state == .reading, let line = splitter.next() { take(line) }
    }

    private func take(_ line: OutputLine) {
        if onLine(line) == .pause { state = .paused }
    }

    private func reachEnd() {
        if let last = splitter.finish() { take(last) }
        if state == .paused {
            state = .pausedAtEnd
        } else {
            finish()
        }
    }

    private func finish() {
        guard state != .finished else { return }
        state = .finished
        watch?.cancel()
        watch = nil
        close(fd)
        onFinish()
    }
}
