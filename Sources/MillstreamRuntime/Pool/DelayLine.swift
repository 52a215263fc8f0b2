import MillstreamLoop
import Synchronization

// Who sleeps until when: one thread and one heap for all handlers, so that thousands that pause for milliseconds cost one wait for
// each millisecond and not one for each of them. A sleeper is woken on this thread, which only makes it ready; it runs on its own
// executor. Those who wake together are a burst of the handlers' executor, which this thread looks after; so is who wakes alone, but soon
// after others: it may have several events to emit by then, and each that woke the journal's lane by itself would be a flush of the disk.

final class DelayLine: @unchecked Sendable {
    // Sendable: the heap and the sleepers are touched only with `condition` held.
    private let condition = ConditionLock()
    private var heap: [Entry] = []
    /// Each is resumed by whoever takes it out, so once; a checked continuation would be an object more for each.
    private var sleepers: [UInt64: UnsafeContinuation<Bool, Never>] = [:]
    private let lastNumber = Atomic<UInt64>(0)
    private let executor: HandlerExecutor
    /// When the next burst may be.
    private var burstAt = MonotonicTime(nanoseconds: 0)
    /// Who begins to sleep now wakes no sooner.
    private var floorAt = MonotonicTime(nanoseconds: 0)
    /// When somebody was last due.
    private var lastDueAt = MonotonicTime(nanoseconds: 0)
    /// What the thread waits for, whatever is added.
    private var wakesAt = MonotonicTime(nanoseconds: 0)
    private var isClosed = false

    /// From one burst to the next, for each of its sleepers: twice what a core needs for an event of each. A small burst is soon with its
    /// readers and makes room for the next; among thousands that come all the time, bursts have to be large to be cheap.
    private static let pauseNsEach: UInt64 = 100_000
    /// So that no more bursts come than the disk flushes.
    private static let minPauseNs: UInt64 = 400_000
    /// Bursts are at most so far apart; and after somebody woke alone, nobody who begins to sleep wakes sooner. So a sleep may be longer by
    /// three times this.
    private static let maxPauseNs: UInt64 = 1_000_000
    /// Few that are due together wake so many at a time: their events would wait for each other's rows and sends.
    private static let smallBurst = 4
    /// More are one burst, or the last of them would wake too late.
    private static let maxSplit = 8
    /// After a burst, when to see whether a handler keeps its thread.
    private static let lookAfterMs = 2

    /// Who is to be woken.
    private struct Due {
        var sleepers: [UnsafeContinuation<Bool, Never>] = []
        var isBurst = false
    }

    private struct Entry {
        let deadline: MonotonicTime
        let number: UInt64
    }

    /// Starts the thread; it holds the line until `close`.
    init(executor: HandlerExecutor) {
        self.executor = executor
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
        condition.acquire()
        // Cancelled before it came here: whoever did it found nobody to wake.
        guard !isClosed, !Task.isCancelled else {
            condition.release()
            return false
        }
        sleepers[number] = sleeper
        let deadline = max(deadline, floorAt)
        push(Entry(deadline: deadline, number: number))
        let isEarlier = max(deadline, burstAt) < wakesAt
        if isEarlier { wakesAt = max(deadline, burstAt) }
        condition.release()
        if isEarlier { condition.signal() }
        return true
    }

    // MARK: The thread

    private func run() {
        var lookAt = MonotonicTime.never
        while let due = nextDue(lookAt) {
            if lookAt != .never { lookAt = executor.lookAfterBurst() ? Self.nextLook : .never }
            if due.isBurst {
                executor.burst { for sleeper in due.sleepers { sleeper.resume(returning: true) } }
                lookAt = Self.nextLook
            } else {
                due.sleepers.first?.resume(returning: true)
            }
        }
        _ = executor.lookAfterBurst()
    }

    private static var nextLook: MonotonicTime { MonotonicTime.current().advanced(byMs: lookAfterMs) }

    /// Waits for the next deadline, or until `lookAt` (nobody is due then); nil once closed.
    private func nextDue(_ lookAt: MonotonicTime) -> Due? {
        condition.withLock {
            while !isClosed {
                let now = MonotonicTime.current()
                let due = now < burstAt ? Due() : takeDue(now)
                if !due.sleepers.isEmpty || now >= lookAt { return due }
                wakesAt = min(lookAt, max(heap.first?.deadline ?? .never, burstAt))
                _ = condition.wait(until: wakesAt)
                // At work, it looks again by itself.
                wakesAt = MonotonicTime(nanoseconds: 0)
            }
            return nil
        }
    }

    private func takeDue(_ now: MonotonicTime) -> Due {
        var entries: [Entry] = []
        while let first = heap.first, first.deadline <= now {
            popFirst()
            if sleepers[first.number] != nil { entries.append(first) }
        }
        let woken = Self.burstCount(of: entries.count)
        for entry in entries[woken...] { push(entry) }
        entries.removeSubrange(woken...)
        var due = Due()
        due.sleepers = entries.compactMap { sleepers.removeValue(forKey: $0.number) }
        guard !due.sleepers.isEmpty else { return due }
        due.isBurst = due.sleepers.count > 1 || now < lastDueAt.advanced(byMs: Self.lookAfterMs)
        lastDueAt = now
        // Who sleeps alone and comes back sooner emits what is due meanwhile together, for one flush of the disk instead of several.
        floorAt = MonotonicTime(nanoseconds: due.sleepers.count == 1 ? now.nanoseconds + Self.maxPauseNs : 0)
        burstAt = MonotonicTime(nanoseconds: now.nanoseconds + Self.pauseNs(after: due.sleepers.count))
        return due
    }

    /// Of so many that are due, how many wake now, the earliest; the others with the next burst. Who sleeps for the same time stays
    /// together for ever, so a large burst leaves some behind, too, and many such rounds spread it.
    static func burstCount(of due: Int) -> Int {
        due > maxSplit ? due - smallBurst : min(due, smallBurst)
    }

    /// From a burst of so many to the next.
    static func pauseNs(after sleepers: Int) -> UInt64 {
        min(max(UInt64(min(sleepers, 1_000)) * pauseNsEach, minPauseNs), maxPauseNs)
    }

    // MARK: Binary heap, earliest first

    // Each works on the buffer: an array of an object is looked after at each step otherwise, which was a third of this thread's time.

    private func push(_ entry: Entry) {
        heap.append(entry)
        heap.withUnsafeMutableBufferPointer { heap in
            var place = heap.count - 1
            while place > 0, entry.deadline < heap[(place - 1) / 2].deadline {
                heap[place] = heap[(place - 1) / 2]
                place = (place - 1) / 2
            }
            heap[place] = entry
        }
    }

    private func popFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap.withUnsafeMutableBufferPointer { heap in
            // The last entry sinks from the top.
            var place = 0
            while 2 * place + 1 < heap.count {
                var least = 2 * place + 1
                if least + 1 < heap.count, heap[least + 1].deadline < heap[least].deadline { least += 1 }
                guard heap[least].deadline < last.deadline else { break }
                heap[place] = heap[least]
                place = least
            }
            heap[place] = last
        }
    }
}
