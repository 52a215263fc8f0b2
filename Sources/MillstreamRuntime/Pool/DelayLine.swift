import MillstreamLoop

// Who sleeps until when: one thread and one heap for all handlers, so that thousands that pause for milliseconds cost one wait.
// A sleeper is woken on this thread, which only makes it ready; it runs on its own executor.

final class DelayLine: @unchecked Sendable {
    // Sendable: the heap and the sleepers are touched only with `condition` held.
    private let condition = ConditionLock()
    private var heap: [Entry] = []
    /// Each is resumed by whoever takes it out, so once; a checked continuation would be an object more for each.
    private var sleepers: [UInt64: UnsafeContinuation<Bool, Never>] = [:]
    private var lastNumber: UInt64 = 0
    private var isClosed = false

    private struct Entry {
        let deadline: MonotonicTime
        let number: UInt64
    }

    /// Starts the thread; it holds the line until `close`.
    init() {
        LaneThread(name: "delays") { [self] in run() }.detach()
    }

    /// Waits until the deadline. False when the task was cancelled first, or the line is closed.
    func sleep(until deadline: MonotonicTime) async -> Bool {
        let number = condition.withLock {
            lastNumber += 1
            return lastNumber
        }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if !add(continuation, number, deadline) { continuation.resume(returning: false) }
            }
        } onCancel: {
            wake(number, reached: false)
        }
    }

    func close() {
        let left = condition.withLock {
            isClosed = true
            condition.broadcast()
            defer { sleepers = [:] }
            return Array(sleepers.values)
        }
        for sleeper in left { sleeper.resume(returning: false) }
    }

    private func add(_ sleeper: UnsafeContinuation<Bool, Never>, _ number: UInt64, _ deadline: MonotonicTime) -> Bool {
        condition.withLock {
            // Cancelled before it came here: `onCancel` found nobody to wake.
            guard !isClosed, !Task.isCancelled else { return false }
            sleepers[number] = sleeper
            push(Entry(deadline: deadline, number: number))
            if heap.first?.number == number { condition.signal() }
            return true
        }
    }

    private func wake(_ number: UInt64, reached: Bool) {
        // Its place in the heap stays and is passed over when its time comes.
        let sleeper = condition.withLock { sleepers.removeValue(forKey: number) }
        sleeper?.resume(returning: reached)
    }

    private func run() {
        while true {
            guard let due = nextDue() else { return }
            for sleeper in due { sleeper.resume(returning: true) }
        }
    }

    /// Waits for the next deadline; nil once closed.
    private func nextDue() -> [UnsafeContinuation<Bool, Never>]? {
        condition.withLock {
            while !isClosed {
                var due: [UnsafeContinuation<Bool, Never>] = []
                let now = MonotonicTime.current()
                while let first = heap.first, first.deadline <= now {
                    popFirst()
                    if let sleeper = sleepers.removeValue(forKey: first.number) { due.append(sleeper) }
                }
                if !due.isEmpty { return due }
                _ = condition.wait(until: heap.first?.deadline ?? .never)
            }
            return nil
        }
    }

    // MARK: Binary heap, earliest first

    private func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child].deadline < heap[(child - 1) / 2].deadline {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func popFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
