import Dispatch
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamLoop

// How a handler's event gets into the journal's queue: at once when there is room, else after a wait, which for async callers is
// a suspension and for blocking ones a semaphore. A wait ends early when the job is told to stop.

struct EmissionPort: Sendable {
    let job: JobContext

    private var queue: LaneQueue { job.services.queue }

    /// What a worker says, checked: an event of the job, or of a channel.
    func command(_ name: String, _ data: JSONText, channel: String? = nil) throws -> LedgerCommand {
        guard let channel else { return .emit(job.run, try draft(name, data)) }
        guard ChannelName.isValid(channel) else { throw EmissionError.invalidChannel(channel) }
        return .emitToChannel(channel, try draft(name, data))
    }

    private func draft(_ name: String, _ data: JSONText) throws(EmissionError) -> DraftEvent {
        guard EventName.isValid(name) else { throw .invalidName(name) }
        guard !EventName.isReserved(name) else { throw .reservedName(name) }
        guard data.bytes.count <= job.services.limits.maxEventBytes else {
            job.services.hits.didMeetOversizedEvent()
            throw .tooLarge(maxBytes: job.services.limits.maxEventBytes)
        }
        return DraftEvent(name: name, data: data)
    }

    /// An emission that found no room, on its way into the line. An object, so that the callers' async frames, which are held for
    /// as long as their job, have one word for it.
    final class Waiting: Sendable {
        let entry: LaneEntry

        init(_ entry: LaneEntry) {
            self.entry = entry
        }
    }

    /// Takes the event when there is room; else what is to stand in line.
    /// - Throws: `EmissionError`, or `CancellationError` when the job was told to stop.
    @inline(never)
    func offer(_ name: String, _ data: JSONText, channel: String? = nil) throws -> Waiting? {
        let command = try command(name, data, channel: channel)
        try checkGate()
        let entry = LaneEntry(command, share: .emission)
        switch queue.tryOffer(entry) {
        case .accepted: return nil
        case .closed: throw EmissionError.closed
        default: return Waiting(entry)
        }
    }

    /// Suspends until there is room.
    /// - Throws: as `offer`.
    @inline(never)
    func stand(in line: Waiting) async throws {
        try Self.check(await wait(line.entry))
    }

    /// The same for threads that may block.
    func sendBlocking(_ command: LedgerCommand) throws {
        try checkGate()
        let decided = DispatchSemaphore(value: 0)
        let outcome = Locked(LaneQueue.Admission.closed)
        let offer = queue.offer(LaneEntry(command, share: .emission)) { admission in
            outcome.withLock { $0 = admission }
            decided.signal()
        }
        switch offer {
        case .accepted: return
        case .closed: throw EmissionError.closed
        case .waiting(let number):
            // A blocked thread cannot be told that its job was cancelled: it looks now and then.
            while decided.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
                if job.gate.isStopping { queue.withdraw(number) }
            }
            try Self.check(outcome.withLock { $0 })
        }
    }

    private func checkGate() throws {
        switch job.gate.current {
        case .open: return
        case .stopping: throw CancellationError()
        case .over: throw EmissionError.runIsOver
        }
    }

    private func wait(_ entry: LaneEntry) async -> LaneQueue.Admission {
        let place = Locked(Place.none)
        let queue = queue
        return await withTaskCancellationHandler {
            // The lane wakes it: on threads that are there, whatever executor the handler made this task for.
            await withTaskExecutorPreference(job.services.executor) {
                await withCheckedContinuation { continuation in
                    switch queue.offer(entry, decided: { continuation.resume(returning: $0) }) {
                    case .accepted: continuation.resume(returning: .accepted)
                    case .closed: continuation.resume(returning: .closed)
                    case .waiting(let number):
                        if place.withLock({ $0.take(number) }) { queue.withdraw(number) }
                    }
                }
            }
        } onCancel: {
            if let number = place.withLock({ $0.cancel() }) { queue.withdraw(number) }
        }
    }

    private static func check(_ admission: LaneQueue.Admission) throws {
        switch admission {
        case .accepted: return
        case .withdrawn: throw CancellationError()
        case .closed: throw EmissionError.closed
        }
    }

    /// The cancellation may come before the place in the line is known.
    private enum Place {
        case none
        case at(UInt64)
        case cancelled

        /// True when the cancellation was first.
        mutating func take(_ number: UInt64) -> Bool {
            if case .cancelled = self { return true }
            self = .at(number)
            return false
        }

        mutating func cancel() -> UInt64? {
            defer { self = .cancelled }
            guard case .at(let number) = self else { return nil }
            return number
        }
    }
}
