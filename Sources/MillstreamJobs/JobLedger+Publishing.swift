// Events from outside: all or none, fenced by attempt and sequence, so that neither a worker that was given up nor a repeated
// request adds anything.

import MillstreamJSON
import MillstreamJournal

extension JobLedger {
    /// What a request will add, worked out before anything is added.
    private struct Plan {
        let attempt: Int
        /// The next number of the log.
        var nextNumber: Int64
        /// The next sequence that is not known yet.
        var expected: Int64
        var numbers: [EventID] = []
        var added: [(event: DraftEvent, publication: Publication?)] = []
        /// Numbers of the sequences that this very request brings.
        var fresh: [Int64: Int64] = [:]

        mutating func add(_ event: DraftEvent, as publication: Publication?, epoch: Epoch) {
            numbers.append(EventID(epoch: epoch, sequence: nextNumber))
            added.append((event, publication))
            if event.sequence != nil {
                fresh[expected] = nextNumber
                expected += 1
            }
            nextNumber += 1
        }
    }

    func publish(_ events: [DraftEvent], to log: LogName) throws(JournalError) -> LedgerReply {
        for event in events {
            if case .refused = WorkerEventKind(event.name) { return .refused(.reservedEventName(event.name)) }
            guard event.data.bytes.count <= limits.maxEventBytes else {
                draft.reach(.eventBytes)
                return .refused(.eventTooLarge(maxBytes: limits.maxEventBytes))
            }
        }
        switch log {
        case .channel(let name): return try publish(events, toChannel: name)
        case .job(let id): return try publish(events, toJob: id)
        }
    }

    private func publish(_ events: [DraftEvent], toChannel name: String) throws(JournalError) -> LedgerReply {
        guard !events.isEmpty else { return .published([]) }
        guard let channel = try openChannel(name) else {
            return .refused(.limit("there are \(limits.maxChannels) channels already"))
        }
        var ids: [EventID] = []
        for event in events {
            append(event, to: channel)
            ids.append(EventID(epoch: channel.epoch, sequence: channel.head.lastSequence))
        }
        return .published(ids)
    }

    private func publish(_ events: [DraftEvent], toJob id: JobID) throws(JournalError) -> LedgerReply {
        guard let entry = entriesByID[id] else { return .refused(try whyNotLive(id)) }
        var plan = Plan(
            attempt: entry.record.attempt, nextNumber: entry.head.lastSequence + 1,
            expected: entry.record.workerSequence + 1)
        for event in events {
            if let refusal = try check(event, of: entry, against: &plan) { return .refused(refusal) }
        }
        for (event, publication) in plan.added {
            if let publication {
                let key = BatchMemory.PublicationKey(ref: entry.ref, publication: publication)
                memory.publications[key] = entry.head.lastSequence + 1
            }
            take(event, for: entry, publication: publication)
        }
        if !plan.fresh.isEmpty {
            change(entry)
            entry.record.workerSequence = plan.expected - 1
        }
        return .published(plan.numbers)
    }

    /// Puts one event into the plan, as new or as known, or says why the request is refused.
    private func check(
        _ event: DraftEvent, of entry: LedgerEntry, against plan: inout Plan
    ) throws(JournalError) -> LedgerRefusal? {
        if let attempt = event.attempt {
            if attempt > plan.attempt { return .futureAttempt(current: plan.attempt) }
            // An attempt is over when it failed, not when the next one begins.
            guard entry.record.state.isRunning else { return .pastAttempt(current: plan.attempt + 1) }
            if attempt < plan.attempt { return .pastAttempt(current: plan.attempt) }
        }
        guard let sequence = event.sequence, sequence != plan.expected else {
            plan.add(event, as: try publication(of: event, in: entry), epoch: entry.epoch)
            return nil
        }
        // What is stored, not the plan: the whole request is refused, and with it what it brought so far.
        let gap = LedgerRefusal.sequenceGap(expected: entry.record.workerSequence + 1)
        guard (1..<plan.expected).contains(sequence) else { return gap }
        var number = plan.fresh[sequence]
        if number == nil { number = try self.number(of: sequence, in: entry) }
        guard let number else { return gap }
        plan.numbers.append(EventID(epoch: entry.epoch, sequence: number))
        return nil
    }

    /// Under what an event is remembered. An attempt that was given back by a drain begins again under its number; what its first
    /// run published keeps its place in the store, where each sequence of an attempt can stand only once.
    private func publication(of event: DraftEvent, in entry: LedgerEntry) throws(JournalError) -> Publication? {
        guard let sequence = event.sequence else { return nil }
        let publication = Publication(attempt: entry.record.attempt, sequence: sequence)
        if sequence == 1 { entry.repeatsAttempt = try store.sequence(of: publication, in: entry.ref) != nil }
        guard entry.repeatsAttempt, try store.sequence(of: publication, in: entry.ref) != nil else {
            return publication
        }
        return nil
    }

    /// The number that a sequence of the present attempt got before.
    private func number(of sequence: Int64, in entry: LedgerEntry) throws(JournalError) -> Int64? {
        let publication = Publication(attempt: entry.record.attempt, sequence: sequence)
        let key = BatchMemory.PublicationKey(ref: entry.ref, publication: publication)
        if let number = memory.publications[key] { return number }
        return try store.sequence(of: publication, in: entry.ref)
    }

    func whyNotLive(_ id: JobID) throws(JournalError) -> LedgerRefusal {
        try endedRun(under: id) == nil ? .notFound : .ended
    }
}
