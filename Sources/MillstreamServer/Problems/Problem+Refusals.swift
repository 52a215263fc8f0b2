// Refusals of the other parts as problems: the ledger's, the store's, the HTTP layer's.

import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal

extension Problem {
    init(_ refusal: LedgerRefusal) {
        switch refusal {
        case .unknownKind(let kind):
            self = .field(.unknownKind, "kind", "no kind \"\(kind)\" is declared")
        case .idInUse(let id):
            self.init(.idInUse, "the job \"\(id)\" has not ended")
        case .idempotencyMismatch:
            self.init(.idempotencyMismatch, "this Idempotency-Key came with another body before")
        case .queueFull(let limit):
            self.init(.queueFull, "\(limit) jobs are waiting; nothing was stored")
            headers = [("Retry-After", "5")]
        case .draining:
            self.init(.draining, "the server is stopping and takes no new jobs")
            headers = [("Retry-After", "5")]
        case .notFound:
            self.init(.notFound, "there is no job of this id")
        case .ended:
            self.init(.jobEnded, "the job has ended; its log takes nothing more")
        case .pastAttempt(let current):
            self.init(.pastAttempt, "this attempt has ended; the events are attempt \(current)'s now")
            extra = [("attempt", .integer(Int64(current)))]
        case .futureAttempt(let current):
            self.init(.pastAttempt, "this attempt has not begun; the present one is \(current)")
            extra = [("attempt", .integer(Int64(current)))]
        case .sequenceGap(let expected):
            self.init(.sequenceGap, "the next sequence is \(expected)")
            extra = [("expected_sequence", .integer(expected))]
        case .reservedEventName(let name):
            self = .field(.reservedEventName, "event", "\"\(name)\" is one of the server's own events")
        case .unknownUpload(let id):
            self = .field(.unknownUpload, "upload", "there is no upload \"\(id)\"")
        case .limit(let what):
            self.init(.limitReached, what)
            headers = [("Retry-After", "5")]
        case .tooManyMessages(let limit):
            self.init(.tooManyMessages, "the job has received \(limit) messages already")
        case .eventTooLarge(let maxBytes):
            self = .field(.invalidValue, "data", "must be at most \(maxBytes) bytes")
        case .store(let error):
            self.init(store: error)
        }
    }

    init(_ refusal: Refusal) {
        self.init(Code(http: refusal), refusal.detail)
        if let seconds = refusal.retryAfterSeconds { headers = [("Retry-After", "\(seconds)")] }
    }

    init(store error: JournalError) {
        self.init(
            .storeUnavailable,
            "the store does not take anything at present (\(error.code.rawValue)); nothing was stored")
        headers = [("Retry-After", "5")]
        isStoreFull = error.code == .full
    }
}

extension Problem.Code {
    /// Codes of the HTTP layer are codes of the table where the names agree; otherwise the first of its status.
    init(http refusal: Refusal) {
        self = Self(rawValue: refusal.code) ?? Self.allCases.first { $0.status == refusal.status } ?? .internalError
    }
}

extension JSONText {
    static func integer(_ value: Int64) -> JSONText {
        JSONText(trusted: Array(String(value).utf8))
    }
}
