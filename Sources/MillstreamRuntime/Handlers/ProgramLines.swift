import MillstreamLoop

// Lines of a program on their way to the handler that awaits them: a small buffer, which stops the program's pipe when it is
// full and starts it again when the handler has caught up. One consumer.

final class ProgramLines: @unchecked Sendable {
    // Sendable: everything below is touched only with `lock` held.
    private let lock = Lock()
    private let maxLines = 256
    private var lines = FIFO<ProgramLine>()
    private var held: Set<Bool> = []
    private var end: ProgramExit?
    private var consumer: CheckedContinuation<Step, Never>?

    enum Step: Sendable {
        case line(ProgramLine)
        case ended(ProgramExit)
    }

    /// Adds a line. True when the stream is to pause until `takeHeld` names it.
    func add(_ line: ProgramLine) -> Bool {
        let (waiting, isFull) = lock.withLock {
            let waiting = consumer
            consumer = nil
            if waiting == nil { lines.append(line) }
            let isFull = lines.count >= maxLines
            if isFull { held.insert(line.isError) }
            return (waiting, isFull)
        }
        waiting?.resume(returning: .line(line))
        return isFull
    }

    func finish(_ exit: ProgramExit) {
        let waiting = lock.withLock {
            end = exit
            defer { consumer = nil }
            return consumer
        }
        waiting?.resume(returning: .ended(exit))
    }

    /// The streams that may go on, once the buffer is half empty.
    func takeHeld() -> Set<Bool> {
        lock.withLock {
            guard lines.count <= maxLines / 2 else { return [] }
            defer { held = [] }
            return held
        }
    }

    func next() async -> Step {
        await withCheckedContinuation { continuation in
            let step: Step? = lock.withLock {
                if let line = lines.popFirst() { return .line(line) }
                if let end { return .ended(end) }
                consumer = continuation
                return nil
            }
            if let step { continuation.resume(returning: step) }
        }
    }
}

/// A line that a program wrote, without its line end.
public struct ProgramLine: Hashable, Sendable {
    public var text: String
    /// From standard error.
    public var isError: Bool
    /// It was longer than the limit and is cut.
    public var isTruncated: Bool
}
