import MillstreamLoop

// What the server lets its connections have: memory for bodies, time, and a part of each tick for those that come. Loop thread only.

extension HTTPServer {
    /// For the rest of this tick the listeners' backlogs keep what comes, or no longer.
    func endAccepting(_ isOver: Bool) {
        guard isOver != hasAcceptedEnough else { return }
        hasAcceptedEnough = isOver
        for listener in listeners { listener.endTurn(isOver) }
    }

    /// False when all bodies together would take more memory than they may.
    func claimBodyMemory(_ byteCount: Int) -> Bool {
        guard counters.bufferedBodyBytes + byteCount <= settings.maxBufferedBodyBytes else { return false }
        counters.bufferedBodyBytes += byteCount
        return true
    }

    func releaseBodyMemory(_ byteCount: Int) {
        counters.bufferedBodyBytes -= byteCount
    }

    @discardableResult
    func setDeadline(of connection: HTTPConnection, afterMs: Int) -> MonotonicTime {
        let deadline = loop.now.advanced(byMs: afterMs)
        setDeadline(of: connection, at: deadline)
        return deadline
    }

    func setDeadline(of connection: HTTPConnection, at deadline: MonotonicTime) {
        deadlines.set(connection.slot, deadline)
        guard !isWatchingDeadlines else { return }
        isWatchingDeadlines = true
        if let deadlineTimer {
            deadlineTimer.rearm(afterMs: deadlineTickMs)
        } else {
            deadlineTimer = loop.schedule(afterMs: deadlineTickMs) { [unowned self] in checkDeadlines() }
        }
    }

    func clearDeadline(of connection: HTTPConnection) {
        deadlines.clear(connection.slot)
    }

    /// Fine enough for the shortest limit, at most four times a second.
    private var deadlineTickMs: Int {
        let shortest =
            [
                settings.headTimeoutMs, settings.bodyTimeoutMs, settings.uploadTimeoutMs, settings.uploadStallTimeoutMs,
                settings.idleTimeoutMs, settings.stallTimeoutMs, settings.lingerTimeoutMs,
            ].min() ?? 1_000
        return max(5, min(250, shortest / 4))
    }

    private func checkDeadlines() {
        for slot in deadlines.takeExpired(at: loop.now) { connections[slot]?.deadlineDidPass() }
        isWatchingDeadlines = counters.openConnections > 0
        if isWatchingDeadlines { deadlineTimer?.rearm(afterMs: deadlineTickMs) }
    }
}
