// What callers ask of a job that exists: a message, its cancellation; and the registration of files. Each reads the store, where
// it must, before it changes anything.

import MillstreamJSON
import MillstreamJournal

extension JobLedger {
    func addInput(_ body: JSONText, uploads: [String], to id: JobID) throws(JournalError) -> LedgerReply {
        guard let entry = entriesByID[id] else { return .refused(try whyNotLive(id)) }
        if let missing = try missingUpload(in: uploads) { return .refused(.unknownUpload(missing)) }
        guard entry.record.messageCount < limits.maxMessagesPerJob else {
            draft.reach(.messagesPerJob)
            return .refused(.tooManyMessages(limit: limits.maxMessagesPerJob))
        }
        let input = try inputText(of: entry)
        change(entry)
        entry.record.messageCount += 1
        let message = MessageRecord(number: entry.record.messageCount, body: body, time: now.wall)
        draft.add(.appendMessage(entry.ref, message))
        memory.messages[entry.ref, default: []].append(message)
        use(uploads, for: entry.ref)
        if entry.record.state == .inputRequired {
            entry.record.state = .inProgress
            draft.tellState(of: entry)
        }
        // A job that does not run gets it with its next start, as every attempt does.
        if entry.record.state.isRunning { draft.directives.append(.deliver(entry.run, message)) }
        var record = entry.snapshot
        if let input { record.input = StoredValue(input) }
        return .job(record, isNew: false)
    }

    func cancel(_ id: JobID) throws(JournalError) -> LedgerReply {
        guard let entry = entriesByID[id] else {
            guard let ended = try endedRun(under: id) else { return .refused(.notFound) }
            return .job(ended, isNew: false)
        }
        guard !entry.record.cancelRequested else { return .job(try loadedRecord(of: entry), isNew: false) }
        let input = try inputText(of: entry)
        requestCancel(of: entry)
        var record = entry.snapshot
        if let input { record.input = StoredValue(input) }
        return .job(record, isNew: true)
    }

    private func requestCancel(of entry: LedgerEntry) {
        switch entry.stage {
        case .running:
            stop(entry, because: .cancel)
            entry.record.cancelRequested = true
            draft.tell(.refreshed(entry.snapshot), of: entry)
        case .stopping(_, let deadline):
            change(entry)
            entry.record.cancelRequested = true
            move(entry, to: .stopping(.cancel, forcedEndMs: deadline))
            draft.tell(.refreshed(entry.snapshot), of: entry)
        case .none, .ready, .scheduled, .pausing: cancelNow(entry)
        }
    }

    func register(_ upload: UploadRecord) -> LedgerReply {
        draft.add(.putUpload(upload))
        memory.uploads.insert(upload.id)
        return .upload(upload)
    }

    func note(_ group: ProcessGroup, of run: JobRun) {
        guard let entry = holder(of: run) else { return }
        change(entry)
        entry.record.processGroup = group
    }
}
