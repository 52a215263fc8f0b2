import Dispatch
import MillstreamLoop

// The runs that pause without a task, by their deadlines. A heap of one place each, which the run knows: who is stopped leaves at
// once. One timer of Dispatch for all, on the queue of the grace times; it is made by the first pause.

final class PausedRuns: @unchecked Sendable {
    // Sendable: everything below, and the places that runs know, are touched only with `lock` held.
    private let lock = Lock()
    private let queue: DispatchQueue
    private var heap: ContiguousArray<Pause> = []
    private var timer: (any DispatchSourceTimer)?
    private var isClosed = false

    private struct Pause {
        let deadline: MonotonicTime
        let run: JobContext
    }

    /// - Parameter queue: where runs go on, which is a matter of making a task.
    init(queue: DispatchQueue) {
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
            timer?.cancel()
            timer = nil
            defer { heap = [] }
            for pause in heap { pause.run.place = -1 }
            return heap
        }
        for pause in left { pause.run.didLeavePause() }
    }

    private func timerDidFire() {
        let due = lock.withLock {
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
        let timer = timer ?? makeTimer()
        let now = MonotonicTime.current()
        let aheadNs = deadline <= now ? 0 : deadline.nanoseconds - now.nanoseconds
        timer.schedule(deadline: .now() + .nanoseconds(Int(clamping: aheadNs)), leeway: .milliseconds(1))
    }

    private func makeTimer() -> any DispatchSourceTimer {
        let made = DispatchSource.makeTimerSource(queue: queue)
        made.setEventHandler { [weak self] in self?.timerDidFire() }
        made.resume()
        timer = made
        return made
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
