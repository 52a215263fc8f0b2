import Glibc
import MillstreamJournal
import MillstreamLoop

// One reading thread: takes requests, asks its reader, posts results. It decides nothing and keeps nothing.

final class ReplayLane {
    /// A list ends with the job whose texts bring it to this.
    static let maxListBytes = 4 << 20

    private let reader: any JournalReading
    private let queue: ReadQueue
    private let deliver: @Sendable (ReadReport) -> Bool

    init(reader: any JournalReading, queue: ReadQueue, deliver: @escaping @Sendable (ReadReport) -> Bool) {
        self.reader = reader
        self.queue = queue
        self.deliver = deliver
    }

    func run() {
        while let (request, ticket) = queue.next() {
            let start = MonotonicTime.current()
            let result = answer(request)
            let readNs = MonotonicTime.current().nanoseconds - start.nanoseconds
            post(ReadReport(ticket: ticket, result: result, readNs: readNs))
        }
    }

    private func post(_ report: ReadReport) {
        var pauseMs = 1
        while !deliver(report), !queue.hasClosed {
            usleep(useconds_t(pauseMs * 1000))
            pauseMs = min(pauseMs * 2, 20)
        }
    }

    private func answer(_ request: ReadRequest) -> Result<ReadResult, JournalError> {
        do throws(JournalError) {
            return .success(try perform(request))
        } catch {
            return .failure(error)
        }
    }

    private func perform(_ request: ReadRequest) throws(JournalError) -> ReadResult {
        switch request {
        case .page(let ref, let after, let maxEvents, let maxBytes):
            .events(try reader.events(of: ref, after: after, limit: maxEvents, maxBytes: maxBytes))
        case .head(let name): .head(try head(name))
        case .eventsPage(let name, let after, let maxEvents, let maxBytes):
            try eventsPage(name, after: after, maxEvents: maxEvents, maxBytes: maxBytes)
        case .job(let id): .job(try reader.job(id))
        case .jobByRef(let ref): .job(try reader.job(ref: ref))
        case .jobs(let filter, let before, let limit): try jobs(filter, before: before, limit: limit)
        case .upload(let id): .upload(try reader.upload(id))
        case .statistics: .statistics(try reader.statistics())
        }
    }

    /// The store's list leaves long texts out; those are read one by one, as far as the page goes.
    private func jobs(_ filter: JobFilter, before: LogRef?, limit: Int) throws(JournalError) -> ReadResult {
        // One more than shown tells whether another page follows.
        let listed = try reader.jobs(filter, before: before, limit: limit + 1)
        var page: [JobRecord] = []
        var last: LogRef?
        var bytes = 0
        for (index, job) in listed.enumerated() {
            guard index < limit, bytes < Self.maxListBytes else { return .jobs(page, next: last) }
            last = job.ref
            // One that was removed since is not shown.
            guard let whole = job.hasTexts ? job : try reader.job(ref: job.ref) else { continue }
            bytes += whole.input.byteCount + (whole.result?.byteCount ?? 0)
            page.append(whole)
        }
        return .jobs(page, next: nil)
    }

    private func head(_ name: LogName) throws(JournalError) -> LogHead? {
        switch name {
        case .job(let id): try reader.job(id).map(LogHead.job)
        case .channel(let name): try reader.channel(name).map(LogHead.channel)
        }
    }

    private func eventsPage(
        _ name: LogName, after: Int64, maxEvents: Int, maxBytes: Int
    ) throws(JournalError) -> ReadResult {
        guard let first = try head(name) else { return .eventsPage(nil, []) }
        let events = try reader.events(of: first.ref, after: after, limit: maxEvents, maxBytes: maxBytes)
        // A new run may have taken the name between the reads; the page stays with the run that it began with.
        let last: LogHead? =
            switch first {
            case .job(let record): try reader.job(ref: record.ref).map(LogHead.job)
            case .channel: try head(name)
            }
        return .eventsPage(last?.ref == first.ref ? last : first, events)
    }
}
