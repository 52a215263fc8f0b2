// Requests that wait for something to happen to a job: `Prefer: wait`, `wait_for_create`. Loop-confined. Each has a deadline, and
// together they have a bound, since evhttp does not see a peer leave before its reply began.

import MillstreamJournal
import MillstreamLoop

/// Waiting requests by the job they wait for.
final class ParkedRequests {
    /// Called at each change of the job, and once more with `timedOut` when time ran out. True: done, not called again.
    typealias Visit = (_ timedOut: Bool) -> Bool

    private struct Waiting {
        let number: Int
        let timer: LoopTimer
        let visit: Visit
    }

    private let loop: EventLoop
    private let maxWaiting: Int
    private var byJob: [JobID: [Waiting]] = [:]
    private var lastNumber = 0
    private(set) var count = 0
    /// How many were not taken because too many waited, since the start.
    private(set) var refusedCount: UInt64 = 0

    init(loop: EventLoop, maxWaiting: Int) {
        self.loop = loop
        self.maxWaiting = maxWaiting
    }

    /// False when too many wait already.
    func park(on job: JobID, forMs milliseconds: Int, _ visit: @escaping Visit) -> Bool {
        guard count < maxWaiting else {
            refusedCount += 1
            return false
        }
        lastNumber += 1
        let number = lastNumber
        let timer = loop.schedule(afterMs: milliseconds) { [unowned self] in timeOut(number, of: job) }
        byJob[job, default: []].append(Waiting(number: number, timer: timer, visit: visit))
        count += 1
        return true
    }

    /// Something about this job is new.
    func jobDidChange(_ job: JobID) {
        guard let waiting = byJob[job] else { return }
        let left = waiting.filter { one in
            guard one.visit(false) else { return true }
            one.timer.cancel()
            return false
        }
        count -= waiting.count - left.count
        byJob[job] = left.isEmpty ? nil : left
    }

    /// The server stops: everybody gets what there is.
    func releaseAll() {
        for job in Array(byJob.keys) {
            for one in byJob[job] ?? [] {
                one.timer.cancel()
                _ = one.visit(true)
            }
        }
        byJob.removeAll()
        count = 0
    }

    private func timeOut(_ number: Int, of job: JobID) {
        guard var waiting = byJob[job], let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        let one = waiting.remove(at: index)
        byJob[job] = waiting.isEmpty ? nil : waiting
        count -= 1
        _ = one.visit(true)
    }
}
