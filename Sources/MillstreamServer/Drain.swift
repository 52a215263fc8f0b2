// The orderly end: no new jobs, streams live until the running jobs end or the graceful time is over, then every reader is told
// when to come back, and the loop stops. Loop-confined.

import Logging
import MillstreamJobs
import MillstreamLoop

final class Drain {
    private enum State {
        case serving
        /// Running jobs may end.
        case draining
        /// The graceful time is over: running jobs go back to the queue.
        case releasing
        /// Readers have been told; their last bytes are on the way, as are the answers to requests whose heads have come.
        case closing
        /// The readers' time is over; only such requests are waited for.
        case answering
    }

    /// How long the last bytes of streams may take, with room for the drain to EOF of each.
    private static let closingTimeoutMs = 3000
    /// How long the journal may take to put running jobs back.
    private static let releaseTimeoutMs = 5000

    private unowned let core: ServerCore
    private var state = State.serving
    private var timer: LoopTimer?
    /// When the graceful time is over.
    private var gracefulEnd = MonotonicTime.never

    init(core: ServerCore) {
        self.core = core
    }

    /// The first call drains, the second stops at once.
    func begin() {
        guard state == .serving else {
            core.log.notice("told to stop again: stopping at once")
            core.loop.stop()
            return
        }
        state = .draining
        core.log.notice("draining", metadata: ["running_jobs": "\(runningCount)"])
        core.readiness.knownFailure = "draining"
        _ = core.lane.submit(.drain)
        gracefulEnd = core.loop.now.advanced(byMs: core.settings.gracefulTimeoutMs)
        timer = core.loop.schedule(afterMs: core.settings.gracefulTimeoutMs) { [unowned self] in release() }
        lookAgain()
    }

    /// After anything that may have ended a job, a stream or a request.
    func lookAgain() {
        switch state {
        case .serving: break
        case .draining, .releasing:
            if runningCount == 0 { close() }
        case .closing:
            core.parked.releaseAll()
            if core.http.streams.count == 0, !core.http.hasExchanges { core.loop.stop() }
        case .answering:
            core.parked.releaseAll()
            if !core.http.hasExchanges { core.loop.stop() }
        }
    }

    private var runningCount: Int {
        core.directory.counts.count(.inProgress) + core.directory.counts.count(.inputRequired)
    }

    private func release() {
        core.log.notice("the graceful time is over", metadata: ["running_jobs": "\(runningCount)"])
        state = .releasing
        _ = core.lane.submit(.releaseRunning)
        timer = core.loop.schedule(afterMs: Self.releaseTimeoutMs) { [unowned self] in close() }
    }

    private func close() {
        guard state == .draining || state == .releasing else { return }
        state = .closing
        core.parked.releaseAll()
        core.streams.closeAll(.drain)
        core.http.beginDrain()
        timer = core.loop.schedule(afterMs: Self.closingTimeoutMs) { [unowned self] in finishAnswers() }
        core.loop.atTickEnd(.settle) { [unowned self] in lookAgain() }
    }

    /// What is left of the graceful time belongs to those who still send a request.
    private func finishAnswers() {
        guard core.loop.now < gracefulEnd else { return core.loop.stop() }
        state = .answering
        let leftMs = gracefulEnd.milliseconds(since: core.loop.now)
        timer = core.loop.schedule(afterMs: Int(leftMs)) { [unowned self] in core.loop.stop() }
    }
}
