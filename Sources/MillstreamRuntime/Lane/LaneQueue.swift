import MillstreamJobs
import MillstreamLoop

// What waits for the journal. Any thread puts in; the lane's thread alone takes out. The loop is never made to wait: it is told
// "full". Workers are: their entries stand in line, first come first served, and come in when the lane has stored what was there
// before (see LaneRoom).

final class LaneQueue: @unchecked Sendable {
    // Sendable: `state` is touched only with `condition` held.
    private let condition = ConditionLock()
    private var state: State
    private let limits: LaneLimits

    private struct Waiter {
        let number: UInt64
        let entry: LaneEntry
        let decided: @Sendable (Admission) -> Void
    }

    private struct State {
        var fromLoop: [LaneEntry] = []
        var fromWorkers: [LaneEntry] = []
        var waiters = FIFO<Waiter>()
        var room: LaneRoom
        var lastNumber: UInt64 = 0
        var isClosed = false
        /// It waits, and nobody woke it since.
        var laneWaits = false
        /// The lane has taken entries and not yet reported on them.
        var owesReport = false
        var spent: [any AnyObject & Sendable] = []
        /// Emissions that wait for `release` before they wake the lane; nil: they wake it at once.
        var heldCount: Int?
    }

    /// So many emissions are not held back any longer.
    private static let maxHeld = 64
    private static let maxSpent = 4
    private static let usualBurst = 32

    init(limits: LaneLimits) {
        self.limits = limits
        state = State(room: LaneRoom(limits: limits))
    }

    // MARK: The loop's side

    /// False when the loop's share is full, or the lane stops.
    func submit(_ entry: LaneEntry) -> Bool {
        withLockThenWake {
            guard !state.isClosed else { return (false, false) }
            if entry.share == .caller, !state.room.takeCaller(entry) { return (false, false) }
            state.fromLoop.append(entry)
            return (true, true)
        }
    }

    /// Keeps it for `didReport`, if few are kept.
    func giveBack(_ object: any AnyObject & Sendable) {
        condition.withLock {
            if state.spent.count < Self.maxSpent { state.spent.append(object) }
        }
    }

    // MARK: The workers' side

    /// What a worker must be able to say in any case: that it ended, and which process it has. False when the lane stops.
    @discardableResult
    func post(_ command: LedgerCommand) -> Bool {
        withLockThenWake {
            guard !state.isClosed else { return (false, false) }
            state.fromWorkers.append(LaneEntry(command, share: .control))
            return (true, true)
        }
    }

    /// Takes the entry when there is room and nobody stands in line.
    func tryOffer(_ entry: LaneEntry) -> Offer? {
        withLockThenWake {
            if state.isClosed { return (.closed, false) }
            guard admits(entry) else { return (nil, false) }
            guard let count = state.heldCount, count < Self.maxHeld else { return (.accepted, true) }
            state.heldCount = count + 1
            return (.accepted, false)
        }
    }

    /// A burst of emissions by `tryOffer` begins: they wake the lane together, at `release`. Whoever holds answers for its coming,
    /// or a handler that keeps its thread would keep its events from their readers.
    func hold() {
        condition.withLock { state.heldCount = state.heldCount ?? 0 }
    }

    /// The burst is over.
    func release() {
        withLockThenWake {
            let count = state.heldCount ?? 0
            state.heldCount = nil
            return ((), count > 0)
        }
    }

    /// Takes the entry, or lines it up: then `decided` is called once, later, on another thread, without the lock.
    func offer(_ entry: LaneEntry, decided: @escaping @Sendable (Admission) -> Void) -> Offer {
        withLockThenWake {
            if state.isClosed { return (.closed, false) }
            if admits(entry) { return (.accepted, true) }
            state.room.didMakeWait()
            state.lastNumber += 1
            state.waiters.append(Waiter(number: state.lastNumber, entry: entry, decided: decided))
            return (.waiting(state.lastNumber), false)
        }
    }

    /// Gives up a place in the line; nothing happens when the entry came in meanwhile.
    func withdraw(_ number: UInt64) {
        let waiter = condition.withLock { state.waiters.remove { $0.number == number } }
        waiter?.decided(.withdrawn)
    }

    // MARK: The lane's side

    /// Waits for entries until `deadline`, then takes what is there, the loop's first. Empty at the deadline, or when the queue
    /// was closed and is drained.
    func take(until deadline: MonotonicTime) -> [LaneEntry] {
        condition.withLock {
            // Whoever takes again has nothing more to say of the last batch, even if it said nothing.
            state.owesReport = false
            wait(until: deadline) { !state.fromLoop.isEmpty || !state.fromWorkers.isEmpty }
            var batch: [LaneEntry] = []
            var bytes = 0
            move(from: &state.fromLoop, to: &batch, &bytes)
            move(from: &state.fromWorkers, to: &batch, &bytes)
            state.owesReport = !batch.isEmpty
            return batch
        }
    }

    /// The same for the loop's commands only: what a faulty store can still answer.
    func takeFromLoop(until deadline: MonotonicTime) -> [LaneEntry] {
        condition.withLock {
            wait(until: deadline) { !state.fromLoop.isEmpty }
            var batch: [LaneEntry] = []
            var bytes = 0
            move(from: &state.fromLoop, to: &batch, &bytes)
            return batch
        }
    }

    /// What the workers said meanwhile, without waiting for it.
    func takeFromWorkers() -> [LaneEntry] {
        condition.withLock {
            var batch: [LaneEntry] = []
            var bytes = 0
            move(from: &state.fromWorkers, to: &batch, &bytes)
            return batch
        }
    }

    /// A report has left, and no event waits for the lane: it frees what was given back, after each report, so that a faulty store keeps
    /// none, and makes room for the next burst, whose events would grow the array that the last one took with it step by step.
    func didReport() {
        var spent: [any AnyObject & Sendable] = []
        condition.withLock {
            swap(&spent, &state.spent)
            if state.fromWorkers.isEmpty { state.fromWorkers.reserveCapacity(Self.usualBurst) }
        }
        // Freed here, without the lock.
    }

    /// What was taken is about to be reported on.
    func willReport() {
        condition.withLock { state.owesReport = false }
    }

    /// These are done with, stored or answered: their room is free, and the line moves up.
    func settle(_ entries: [LaneEntry]) {
        var admitted: [Waiter] = []
        withLockThenWake {
            // By index: an entry that is handed out is retained.
            for index in entries.indices { state.room.free(entries[index].share, entries[index].byteCount) }
            while let next = state.waiters.first, state.room.takeEmission(next.entry),
                let waiter = state.waiters.popFirst()
            {
                state.fromWorkers.append(waiter.entry)
                admitted.append(waiter)
            }
            return ((), !admitted.isEmpty)
        }
        for waiter in admitted { waiter.decided(.accepted) }
    }

    /// Refuses everything from now on. What is queued stays; who stands in line is told.
    func close() {
        var turnedAway: [Waiter] = []
        condition.withLock {
            state.isClosed = true
            while let waiter = state.waiters.popFirst() { turnedAway.append(waiter) }
            condition.broadcast()
        }
        for waiter in turnedAway { waiter.decided(.closed) }
    }

    /// Nothing is queued, and all that was taken is settled.
    var isDrained: Bool {
        condition.withLock {
            state.fromLoop.isEmpty && state.fromWorkers.isEmpty && state.room.callers == 0 && state.room.emissions == 0
        }
    }

    /// Whether a report will come: on what was taken, or on what waits.
    var owesReport: Bool {
        condition.withLock { state.owesReport || !state.fromLoop.isEmpty || !state.fromWorkers.isEmpty }
    }

    var isClosed: Bool { condition.withLock { state.isClosed } }

    var depths: Depths {
        condition.withLock {
            Depths(callers: state.room.callers, emissions: state.room.emissions, waiting: state.waiters.count)
        }
    }

    /// How many requests wait to be taken; nil when anything else waits too, or the queue is closed.
    var callersAlone: Int? {
        condition.withLock {
            let hasOthers = !state.fromWorkers.isEmpty || state.fromLoop.count > state.room.callers
            return hasOthers || state.isClosed ? nil : state.fromLoop.count
        }
    }

    var hits: Hits { condition.withLock { state.room.hits } }

    // MARK: With the lock held

    /// Lets an emission in, unless somebody stands in line before it.
    private func admits(_ entry: LaneEntry) -> Bool {
        guard state.waiters.isEmpty, state.room.takeEmission(entry) else { return false }
        state.fromWorkers.append(entry)
        return true
    }

    /// Wakes the lane when `body` says so, without the lock: woken with it held, the lane would only run into the lock, and cost two
    /// switches of threads more on a core that both share.
    private func withLockThenWake<Value>(_ body: () -> (Value, wake: Bool)) -> Value {
        condition.acquire()
        let (value, isNews) = body()
        // A lane at work looks again by itself.
        let wakes = isNews && state.laneWaits
        if wakes { state.laneWaits = false }
        condition.release()
        if wakes { condition.signal() }
        return value
    }

    private func wait(until deadline: MonotonicTime, for isReady: () -> Bool) {
        defer { state.laneWaits = false }
        while !isReady(), !state.isClosed {
            state.laneWaits = true
            if !condition.wait(until: deadline) { return }
        }
    }

    /// Moves what one batch may hold, mostly all that waits: then the array itself changes hands.
    private func move(from queue: inout [LaneEntry], to batch: inout [LaneEntry], _ bytes: inout Int) {
        var count = 0
        while count < queue.count, batch.count + count < limits.maxBatchCommands,
            batch.isEmpty && count == 0 || bytes + queue[count].byteCount <= limits.maxBatchBytes
        {
            bytes += queue[count].byteCount
            count += 1
        }
        // With nothing to move the arrays stay where they are: one has the room that the next burst needs.
        guard count > 0 else { return }
        if count == queue.count, batch.isEmpty {
            swap(&queue, &batch)
        } else {
            batch.append(contentsOf: queue[..<count])
            queue.removeFirst(count)
        }
    }
}
