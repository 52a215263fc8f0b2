import Glibc
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// The body of the journal lane: owns the store's writing half and the ledger, on the lane's thread alone. One turn takes all
// that waits, applies it in order, lets due times act, commits once, and then tells the loop (one report) and the workers. It
// never tells anybody of what is not stored. When a commit fails, callers are refused at once and the rest is kept and tried
// again (see RetryQueue); while entries are kept, nothing passes them.

final class JournalWriter {
    private let store: any JournalStore
    private let ledger: JobLedger
    private let queue: LaneQueue
    private let limits: LaneLimits
    private let surroundings: LaneSurroundings

    private var retry = RetryQueue()
    private var health: LaneHealth
    private var sweepAt = MonotonicTime(nanoseconds: 0)
    private var quarantineAt = MonotonicTime(nanoseconds: 0)
    private var stopAt: MonotonicTime?
    private var maintenance: StoreMaintenance
    private var totals = LaneTotals()
    private var crowd = LaneCrowd()

    /// Between the steps of one round of the ledger's sweep.
    private static let sweepStepMs = 20

    init(journal: LaneJournal, queue: LaneQueue, limits: LaneLimits, surroundings: LaneSurroundings) {
        store = journal.store
        ledger = journal.ledger
        self.queue = queue
        self.limits = limits
        self.surroundings = surroundings
        maintenance = StoreMaintenance(limits: limits)
        health = LaneHealth(limits: limits)
    }

    /// Brings the ledger to where the store says it was. What follows from that leaves with the first batch.
    func recover() throws(JournalError) {
        let outcome = try ledger.recover(surroundings.clock())
        do throws(JournalError) {
            if !outcome.mutations.isEmpty { try store.commit(outcome.mutations) }
        } catch {
            ledger.rollBack()
            throw error
        }
        ledger.didCommit()
        var report = StoredBatch(outcome: outcome).report(on: [])
        // Nobody's commit: nothing was waited for.
        report.measures = LaneMeasures()
        publish(report, outcome.directives)
    }

    /// Runs until the queue is closed and drained. Returns how many commands could not be stored.
    func run() -> Int {
        while true {
            if queue.isClosed, stopAt == nil { stopAt = MonotonicTime.current().advanced(byMs: limits.stopTimeoutMs) }
            if let stopAt {
                if retry.isEmpty ? queue.isDrained : MonotonicTime.current() >= stopAt { break }
                // A closed queue no longer makes its reader wait.
                if !retry.isEmpty { usleep(10_000) }
            }
            if retry.blocksQueue { retryTurn() } else { turn() }
        }
        let lost = retry.removeAll().count
        store.close()
        return lost
    }

    private var publishedHealth: StoreHealth { health.published(lastingFault: maintenance.lastingFault) }

    // MARK: Turns

    /// Nothing is kept: all that waits is one batch. While the store is at fault, each command that comes is a try.
    private func turn() {
        let wake = nextWake()
        crowd.letOthersThrough(until: wake, waitingCallers: { queue.callersAlone })
        let arrived = queue.take(until: wake)
        let entries = retry.sift(arrived)
        crowd.didTake(callers: entries.count { $0.share == .caller })
        let now = MonotonicTime.current()
        switch attempt(entries, sweeping: now >= sweepAt) {
        case .success(let done):
            queue.settle(entries)
            finish(done, entries)
        case .failure(let error):
            refuse(entries, error)
        }
        if retry.hasQuarantine, now >= quarantineAt { quarantineTurn() }
        maintain(isIdle: arrived.isEmpty)
    }

    /// Something is kept: callers are answered at once, the rest is tried when the pause is over.
    private func retryTurn() {
        let now = MonotonicTime.current()
        if now < health.retryAt {
            answerCallers(until: stopAt.map { min($0, health.retryAt) } ?? health.retryAt)
            return
        }
        // A bad entry that is kept alone would keep all workers waiting who could show that the store is well.
        if retry.lacksProbe { retry.keepOrAdd(retry.sift(queue.takeFromWorkers())) }
        guard let next = retry.nextAttempt() else { return }
        switch attempt(next.entries, sweeping: false) {
        case .success(let done):
            retry.succeeded(next, wasStored: done.wasStored)
            queue.settle(next.entries)
            finish(done, next.entries)
        case .failure(let error):
            retry.failed(next)
            noteFailure(error)
            publish(LaneReport(), [])
        }
    }

    private func quarantineTurn() {
        guard !health.isFaulty, let next = retry.nextQuarantined() else { return }
        quarantineAt = MonotonicTime.current().advanced(byMs: limits.maxRetryMs)
        switch attempt(next.entries, sweeping: false) {
        case .success(let done):
            retry.succeeded(next, wasStored: done.wasStored)
            queue.settle(next.entries)
            finish(done, next.entries)
        case .failure(let error):
            totals.failedCommits += 1
            let end = next.entries.first.flatMap { $0.command.endOfRun(refusedWith: error) }
            if let dropped = retry.failedInQuarantine(next, maxFailures: limits.maxFailuresAlone, replacement: end) {
                queue.settle([dropped])
            }
        }
    }

    /// While a pause lasts: what the loop asks is refused with the store's fault, or tried when that is what can tell a bad
    /// entry from a bad store.
    private func answerCallers(until deadline: MonotonicTime) {
        let arrived = queue.takeFromLoop(until: deadline)
        guard !arrived.isEmpty else { return }
        guard retry.wantsForeignProbe, case .success(let done) = attempt(arrived, sweeping: false)
        else {
            // Whatever the pause is for, a failed commit or a failed read: who was taken is answered.
            if case .faulty(let error) = publishedHealth {
                refuseOnly(arrived, error)
            } else {
                refuseOnly(arrived, JournalError(.io, "what came before is still being stored"))
            }
            return
        }
        if done.wasStored { retry.foreignProbeSucceeded() }
        queue.settle(arrived)
        finish(done, arrived)
    }

    // MARK: One batch

    /// Applies the entries and stores what follows, all or none.
    private func attempt(_ entries: [LaneEntry], sweeping: Bool) -> Result<StoredBatch, JournalError> {
        var done = StoredBatch()
        let now = surroundings.clock()
        // By index: an entry that is handed out is retained, with all that its command holds.
        for index in entries.indices {
            do throws(JournalError) {
                let reply = try ledger.apply(entries[index].command, now: now)
                if let reply, let ticket = entries[index].ticket {
                    done.replies.append(LaneAnswer(ticket: ticket, reply: reply))
                }
            } catch {
                // The store could not be read. The command did nothing, so its caller can be told and the others go on; one
                // without a caller has to come again, and the order of all with it.
                guard entries[index].command.isAnswered else {
                    ledger.rollBack()
                    return .failure(error)
                }
                if let ticket = entries[index].ticket {
                    done.replies.append(LaneAnswer(ticket: ticket, reply: .refused(.store(error))))
                }
            }
        }
        actByItself(now, sweeping: sweeping)
        done.outcome = ledger.takeOutcome()
        if done.wasStored {
            let start = MonotonicTime.current()
            do throws(JournalError) {
                try store.commitAlone(done.outcome.mutations)
            } catch {
                ledger.rollBack()
                return .failure(error)
            }
            done.commitNs = MonotonicTime.current().nanoseconds - start.nanoseconds
        }
        ledger.didCommit()
        return .success(done)
    }

    /// What is due without a command. A store that cannot be read stops only that: what was done until then stands.
    private func actByItself(_ now: LedgerTime, sweeping: Bool) {
        do throws(JournalError) {
            if sweeping {
                let hasMore = try ledger.sweep(now)
                sweepAt = MonotonicTime.current().advanced(byMs: hasMore ? Self.sweepStepMs : limits.sweepIntervalMs)
            }
            try ledger.advance(now)
            health.didRead()
        } catch {
            health.didFailRead(error, at: MonotonicTime.current())
        }
    }

    private func finish(_ done: StoredBatch, _ entries: [LaneEntry]) {
        if done.wasStored {
            health.didCommit()
            maintenance.didCommit()
        }
        totals.storedCommands += UInt64(entries.count)
        guard
            !entries.isEmpty || done.wasStored || health.isNews(publishedHealth) || !done.outcome.directives.isEmpty
        else { return }
        publish(done.report(on: entries), done.outcome.directives)
        // No event waits for what only the next commit needs.
        if done.wasStored { makeRoom() }
    }

    private func makeRoom() {
        let start = MonotonicTime.current()
        store.makeRoom()
        totals.roomNs += MonotonicTime.current().nanoseconds - start.nanoseconds
    }

    /// A batch failed: callers hear it, the rest is kept.
    private func refuse(_ entries: [LaneEntry], _ error: JournalError) {
        noteFailure(error)
        refuseOnly(entries, error)
    }

    private func refuseOnly(_ entries: [LaneEntry], _ error: JournalError) {
        let answered = entries.filter(\.command.isAnswered)
        retry.keepOrAdd(entries.filter { !$0.command.isAnswered })
        queue.settle(answered)
        var report = LaneReport()
        report.replies = answered.compactMap { entry in
            entry.ticket.map { LaneAnswer(ticket: $0, reply: .refused(.store(error))) }
        }
        publish(report, [])
    }

    private func noteFailure(_ error: JournalError) {
        totals.failedCommits += 1
        health.didFailCommit(error, at: MonotonicTime.current())
    }

    // MARK: What leaves the lane

    /// One message to the loop, then the workers. A full mailbox is waited for: the loop always drains, and a report that is
    /// lost would be a hole in every stream.
    private func publish(_ report: LaneReport, _ directives: [WorkerDirective]) {
        var report = report
        report.storeHealth = publishedHealth
        health.didTell(report.storeHealth)
        totals.tell(&report.measures, depths: queue.depths)
        var pauseMs = 1
        // Not made again for each try: while the mailbox is full, the loop needs the processor.
        let deliver = surroundings.delivery(report)
        queue.willReport()
        while !deliver() {
            if let stopAt, MonotonicTime.current() >= stopAt { break }
            if queue.isClosed, stopAt == nil { stopAt = MonotonicTime.current().advanced(byMs: limits.stopTimeoutMs) }
            usleep(useconds_t(pauseMs * 1000))
            pauseMs = min(pauseMs * 2, 20)
        }
        if !directives.isEmpty { surroundings.direct(directives) }
        queue.didReport()
    }

    // MARK: Times

    private func nextWake() -> MonotonicTime {
        var wake = sweepAt
        if let due = ledger.nextDeadlineMs {
            let inMs = max(0, due - surroundings.clock().monotonicMs)
            wake = min(wake, MonotonicTime.current().advanced(byMs: Int(clamping: inMs)))
        }
        if retry.hasQuarantine { wake = min(wake, quarantineAt) }
        if let maintainAt = maintenance.wakeAt { wake = min(wake, maintainAt) }
        // What is due cannot be stored before the pause is over: no spinning over it.
        return publishedHealth == .ok ? wake : max(wake, health.retryAt)
    }

    private func maintain(isIdle: Bool) {
        let now = MonotonicTime.current()
        guard !health.isFaulty, maintenance.isDue(at: now, isIdle: isIdle) else { return }
        do throws(JournalError) {
            let hasMore = try store.maintain(isIdle: isIdle)
            maintenance.didMaintain(hasMore: hasMore, isIdle: isIdle, at: now)
        } catch {
            maintenance.didFail(error, at: now)
        }
    }
}
