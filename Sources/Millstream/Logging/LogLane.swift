// One thread that writes the log. Others add lines to a bounded queue and never wait: when the disk is stuck and the
// queue full, lines are dropped, counted, and the count is written once there is room again.

import Glibc
import MillstreamLoop
import Synchronization

/// The writing lane of a log.
final class LogLane: @unchecked Sendable {
    // Sendable: everything below `lock` is touched with it held; `output` by the lane's thread alone once that has
    // started.
    /// The form of lines, JSON or text.
    let isJSON: Atomic<Bool>
    private let maxQueuedBytes: Int
    private var output: LogOutput

    private let lock = ConditionLock()
    private var queue: [UInt8] = []
    private var queuedLines = 0
    private var dropped = 0
    private var unreported = 0
    private var reopening: Reopening?
    private var state = State.open

    private struct Reopening {
        var path: String?
    }

    private enum State {
        case open, closing, closed
    }

    init(output: LogOutput, isJSON: Bool, maxQueuedBytes: Int) {
        self.output = output
        self.isJSON = Atomic(isJSON)
        self.maxQueuedBytes = maxQueuedBytes
    }

    /// Starts the thread, which keeps the lane alive until it is closed.
    func start() {
        OwnThread(name: "log") { [self] in run() }.detach()
    }

    // MARK: Any thread

    func rendered(_ line: LogLine) -> [UInt8] {
        isJSON.load(ordering: .relaxed) ? line.json : line.text
    }

    /// Queues one line, or drops it.
    func add(_ line: LogLine) {
        let line = rendered(line)
        lock.withLock {
            guard state == .open, line.count <= maxQueuedBytes - queue.count else {
                dropped += 1
                unreported += 1
                return
            }
            if queue.isEmpty { lock.signal() }
            queue += line
            queuedLines += 1
        }
    }

    func reopen(path: String?) {
        lock.withLock {
            reopening = Reopening(path: path)
            lock.signal()
        }
    }

    var droppedLines: Int { lock.withLock { dropped } }

    func close(timeoutMs: Int) {
        let deadline = MonotonicTime.current().advanced(byMs: timeoutMs)
        lock.withLock {
            if state == .open { state = .closing }
            lock.signal()
            while state != .closed, lock.wait(until: deadline) {}
        }
    }

    // MARK: The lane's thread

    private func run() {
        while let step = nextStep() {
            if let reopening = step.reopening { reopen(reopening) }
            var bytes = step.bytes
            if step.unreported > 0 { bytes += notice("\(step.unreported) log lines were dropped") }
            if !bytes.isEmpty, !output.write(bytes) { didFail(lines: step.lines) }
        }
        output.close()
        lock.withLock {
            state = .closed
            lock.broadcast()
        }
    }

    private struct Step {
        var bytes: [UInt8]
        var lines: Int
        var unreported: Int
        var reopening: Reopening?
    }

    /// Waits for something to do; nil when the lane is closed and everything is written.
    private func nextStep() -> Step? {
        lock.withLock {
            while queue.isEmpty, reopening == nil, state == .open { lock.wait() }
            guard !queue.isEmpty || reopening != nil else { return nil }
            let step = Step(bytes: queue, lines: queuedLines, unreported: unreported, reopening: reopening)
            queue = []
            queuedLines = 0
            unreported = 0
            reopening = nil
            return step
        }
    }

    private func reopen(_ wish: Reopening) {
        do throws(LogFailure) {
            let next = try LogOutput(path: wish.path)
            output.close()
            output = next
        } catch {
            _ = output.write(notice("the log stays where it is: \(error.description)"))
        }
    }

    private func didFail(lines: Int) {
        lock.withLock {
            dropped += lines
            unreported += lines
        }
    }

    private func notice(_ text: String) -> [UInt8] {
        rendered(LogLine(time: LogLine.now, level: .warning, message: text, fields: [:]))
    }
}
