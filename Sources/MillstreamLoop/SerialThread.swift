// A serial queue on a thread that is there from the start. A Dispatch queue asks for its thread when the first work comes, and where the
// system gives none (RLIMIT_NPROC, memory) `async` itself sleeps until it does: its caller would be the loop, or the journal lane, and the
// whole server would stand until a stranger's processes end. Here handing over is a lock, an append and a wake-up.

/// Runs work in order, and at deadlines, on one thread of its own. Made at the start of whatever uses it, never on the way.
public final class SerialThread: Sendable {
    private let line = Line()

    /// Starts the thread. It ends once nobody holds this object and all work is done that came before.
    /// - Parameter name: at most 15 bytes, as the kernel shows it.
    public init(name: String) {
        OwnThread(name: name) { [line] in line.run() }.detach()
    }

    deinit {
        line.close()
    }

    /// Queues work. Never blocks; any thread.
    public func async(_ work: @escaping @Sendable () -> Void) {
        line.add(work)
    }

    /// Queues work for a time. Never blocks; any thread. It cannot be taken back: what is superfluous by then does nothing.
    public func async(at deadline: MonotonicTime, _ work: @escaping @Sendable () -> Void) {
        line.add(work, at: deadline)
    }

    /// The same, so many milliseconds from now.
    public func async(afterMs milliseconds: Int, _ work: @escaping @Sendable () -> Void) {
        line.add(work, at: MonotonicTime.current().advanced(byMs: milliseconds))
    }

    /// Waits until all work is done that was queued without a deadline. Blocks; not for the thread itself.
    public func drain() {
        precondition(!isCurrent, "a thread waits for itself")
        let done = ConditionLock()
        let isDone = Locked(false)
        async {
            done.withLock {
                isDone.withLock { $0 = true }
                done.broadcast()
            }
        }
        done.withLock {
            while !isDone.withLock({ $0 }) { done.wait() }
        }
    }

    /// Whether the caller is on this thread.
    public var isCurrent: Bool { line.isCurrent }
}

/// The work of one thread, which holds this and not the queue: so the queue can go, and take the thread with it.
private final class Line: @unchecked Sendable {
    // Sendable: everything below is touched only with `condition` held.
    typealias Work = @Sendable () -> Void

    private let condition = ConditionLock()
    private var ready: [Work] = []
    private var timed: [Timed] = []
    private var lastNumber: UInt64 = 0
    /// Whether the thread sleeps and nobody woke it since.
    private var isAsleep = false
    private var isClosed = false
    private var check: ThreadCheck?

    private struct Timed {
        let deadline: MonotonicTime
        /// Who came first is first among those of one deadline.
        let number: UInt64
        let work: Work

        func isBefore(_ other: Timed) -> Bool {
            deadline == other.deadline ? number < other.number : deadline < other.deadline
        }
    }

    func add(_ work: @escaping Work) {
        let wakes = condition.withLock {
            ready.append(work)
            return takeSleep()
        }
        if wakes { condition.signal() }
    }

    func add(_ work: @escaping Work, at deadline: MonotonicTime) {
        let wakes = condition.withLock {
            lastNumber += 1
            push(Timed(deadline: deadline, number: lastNumber, work: work))
            return timed.first?.number == lastNumber && takeSleep()
        }
        if wakes { condition.signal() }
    }

    /// The thread ends when it has done what is ready; what has a deadline is held by nobody any more, or its work would hold the queue.
    func close() {
        condition.withLock {
            isClosed = true
            condition.signal()
        }
    }

    var isCurrent: Bool { condition.withLock { check?.isOnOwner ?? false } }

    func run() {
        condition.withLock { check = ThreadCheck() }
        while let batch = next() {
            for work in batch { work() }
        }
    }

    /// What is due, before what came without a deadline; nil once closed.
    private func next() -> [Work]? {
        condition.withLock {
            while true {
                var batch = takeDue()
                batch += ready
                ready = []
                if !batch.isEmpty { return batch }
                if isClosed { return nil }
                isAsleep = true
                _ = condition.wait(until: timed.first?.deadline ?? .never)
                isAsleep = false
            }
        }
    }

    private func takeSleep() -> Bool {
        defer { isAsleep = false }
        return isAsleep
    }

    // MARK: Binary heap, earliest first

    private func takeDue() -> [Work] {
        guard !timed.isEmpty else { return [] }
        var due: [Work] = []
        let now = MonotonicTime.current()
        while let first = timed.first, first.deadline <= now {
            due.append(first.work)
            popFirst()
        }
        return due
    }

    private func push(_ entry: Timed) {
        timed.append(entry)
        var child = timed.count - 1
        while child > 0, timed[child].isBefore(timed[(child - 1) / 2]) {
            timed.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func popFirst() {
        timed.swapAt(0, timed.count - 1)
        timed.removeLast()
        var parent = 0
        while 2 * parent + 1 < timed.count {
            var least = 2 * parent + 1
            if least + 1 < timed.count, timed[least + 1].isBefore(timed[least]) { least += 1 }
            guard timed[least].isBefore(timed[parent]) else { return }
            timed.swapAt(parent, least)
            parent = least
        }
    }
}
