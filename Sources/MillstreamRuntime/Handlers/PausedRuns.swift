import MillstreamLoop

// The runs that pause without a task, by their deadlines. A heap of one place each, which the run knows: who is stopped leaves at
// once. They go on on the thread of the grace times, which is asked
// for the first deadline alone; what it was asked for in vain, because an earlier one came or the first left, finds nobody due.

final class PausedRuns: @unchecked Sendable {
    // Sendable: everything below, and the places that runs know, are touched only with `lock` held.
    private let lock = Lock()
    private let queue: SerialThread
    private var heap: ContiguousArray<Pause> = []
    /// The earliest time at which the thread is to look; nil: none.
    private var looksAt: MonotonicTime?
    private var isClosed = false

    private struct Pause {
        let deadline: MonotonicTime
        let run: JobContext
    }

    /// - Parameter queue: where runs go on, which is a matter of making a task.
    init(queue: SerialThread) {
        self.queue = queue
    }

    /// False once closed.
    func add(_ run: JobContext, until deadline: MonotonicTime) -> Bool {
        lock.withLock {
            guard !isClosed else { return false }
            heap.append(Pause(deadline: deadline, run: run))
            run.place = Int32(heap.count - 1)
            rise(heap.count - 1)
            if run.place == 0 { setTimer() }
            return true
        }
    }

    /// Whether the run was here: then it is the caller's now.
    func remove(_ run: JobContext) -> Bool {
        lock.withLock {
            guard run.place >= 0 else { return false }
            take(Int(run.place))
            return true
        }
    }

    /// Ends all pauses.
    func close() {
        let left = lock.withLock {
            isClosed = true
            defer { heap = [] }
            for pause in heap { pause.run.place = -1 }
            return heap
        }
        for pause in left { pause.run.didLeavePause() }
    }

    private func look(at deadline: MonotonicTime) {
        let due = lock.withLock {
            if looksAt == deadline { looksAt = nil }
            var due: [JobContext] = []
            let now = MonotonicTime.current()
            while let first = heap.first, first.deadline <= now {
                take(0)
                due.append(first.run)
            }
            setTimer()
            return due
        }
        for run in due { run.pauseIsOver() }
    }

    /// To the first deadline.
    private func setTimer() {
        guard !isClosed, let deadline = heap.first?.deadline, deadline != .never else { return }
        if let looksAt, looksAt <= deadline { return }
        looksAt = deadline
        queue.async(at: deadline) { [weak self] in self?.look(at: deadline) }
    }

    // MARK: Binary heap, earliest first

    private func take(_ index: Int) {
        heap[index].run.place = -1
        let last = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = last
        last.run.place = Int32(index)
        sink(index)
        rise(index)
    }

    private func rise(_ start: Int) {
        var at = start
        while at > 0, heap[at].deadline < heap[(at - 1) / 2].deadline {
            exchange(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private func sink(_ start: Int) {
        var at = start
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < heap.count {
                if heap[child].deadline < heap[least].deadline { least = child }
            }
            guard least != at else { return }
            exchange(at, least)
            at = least
        }
    }

    private func exchange(_ one: Int, _ other: Int) {
        heap.swapAt(one, other)
        heap[one].run.place = Int32(one)
        heap[other].run.place = Int32(other)
    }
}
