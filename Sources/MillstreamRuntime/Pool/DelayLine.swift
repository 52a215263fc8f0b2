import MillstreamLoop
import Synchronization

// Who sleeps until when: one thread and one heap for all handlers, so that thousands that pause for milliseconds cost one wait.
// A sleeper is woken on this thread, which only makes it ready; it runs on its own executor.

final class DelayLine: @unchecked Sendable {
    // Sendable: the heap and the sleepers are touched only with `condition` held.
    private let condition = ConditionLock()
    private var heap: [Entry] = []
    /// Each is resumed by whoever takes it out, so once; a checked continuation would be an object more for each.
    private var sleepers: [UInt64: UnsafeContinuation<Bool, Never>] = [:]
    private let lastNumber = Atomic<UInt64>(0)
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
        let number = makeNumber()
        return await withTaskCancellationHandler {
            await sleep(number, until: deadline)
        } onCancel: {
            wake(number, reached: false)
        }
    }

    /// The same for a task whose canceller calls `wake` afterwards: without a cancellation handler, whose async frames would be held
    /// for as long as the sleep.
    /// - Parameter number: from `makeNumber`; used for one sleep at a time, and by one task alone.
    @inline(__always)
    func sleep(_ number: UInt64, until deadline: MonotonicTime) async -> Bool {
        await withUnsafeContinuation { continuation in
            if !add(continuation, number, deadline) { continuation.resume(returning: false) }
        }
    }

    /// Another sleeper.
    func makeNumber() -> UInt64 { lastNumber.add(1, ordering: .relaxed).newValue }

    /// Ends a sleep; nothing happens when the sleeper is awake. For the canceller, after it cancelled the task: the place in the
    /// heap stays and is passed over when its time comes, and no later sleep can have the number.
    func wake(_ number: UInt64, reached: Bool) {
        let sleeper = condition.withLock { sleepers.removeValue(forKey: number) }
        sleeper?.resume(returning: reached)
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
            // Cancelled before it came here: whoever did it found nobody to wake.
            guard !isClosed, !Task.isCancelled else { return false }
            sleepers[number] = sleeper
            push(Entry(deadline: deadline, number: number))
            if heap.first?.number == number { condition.signal() }
            return true
        }
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
