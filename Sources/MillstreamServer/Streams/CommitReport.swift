// What one commit tells the loop, with the text of its events. Made on the journal's thread and handed over whole; when the loop is done
// with it, it goes back there, so that what was allocated on that thread is freed on it and not among the sends.

import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime
import MillstreamStreams

/// A lane's report on its way to the loop and back. Immutable.
public final class CommitReport: Sendable {
    /// Its notices of events may be without the events, and it is without the times of emission: the loop reads `texts`.
    let report: LaneReport
    /// Of the notices that bring events, in the same order.
    let texts: CommitTexts
    /// When the oldest emission of the commit was made; nil: there is none.
    let emittedAtNs: UInt64?
    /// Others are freed where they are: those without events are few, and a large one could stay with an idle journal for long.
    let isWorthReturning: Bool

    /// Of text, that of jobs included.
    static let maxReturnedBytes = 64 << 10

    /// Writes the events as text. For the lane's thread.
    public init(_ report: LaneReport) {
        var report = report
        emittedAtNs = report.emittedAtNs.min()
        report.emittedAtNs = []
        texts = Self.texts(of: report.notices)
        if texts.byteCount > Self.maxReturnedBytes {
            // They would wait in the mailbox twice, and be freed among the sends.
            report.notices = report.notices.map { notice in
                guard case .events(let name, let ref, let epoch, _) = notice else { return notice }
                return .events(name, ref, epoch, [])
            }
        }
        self.report = report
        isWorthReturning =
            texts.count > 0 && texts.byteCount + Self.jobTextBytes(of: report) <= Self.maxReturnedBytes
    }

    private static func texts(of notices: [CommitNotice]) -> CommitTexts {
        var texts = CommitTexts()
        notices.withUnsafeBufferPointer { notices in
            var (logs, events, dataBytes) = (0, 0, 0)
            for index in notices.indices {
                guard case .events(_, _, _, let records) = notices[index] else { continue }
                logs += 1
                events += records.count
                for place in records.indices { dataBytes += records[place].data.bytes.count }
            }
            guard logs > 0 else { return }
            texts.reserve(logs: logs, events: events, dataBytes: dataBytes)
            for index in notices.indices {
                guard case .events(let name, let ref, let epoch, let records) = notices[index] else { continue }
                texts.append(name, ref, epoch, records)
            }
        }
        return texts
    }

    /// Inputs and results that it holds, in answers (of a repeated request: both) and notices.
    private static func jobTextBytes(of report: LaneReport) -> Int {
        func bytes(_ record: JobRecord) -> Int {
            (record.input.text?.bytes.count ?? 0) + (record.result?.text?.bytes.count ?? 0)
        }
        var count = 0
        for answer in report.replies {
            if case .job(let record, _) = answer.reply { count += bytes(record) }
        }
        report.notices.withUnsafeBufferPointer { notices in
            for index in notices.indices {
                switch notices[index] {
                case .job(let record), .refreshed(let record): count += bytes(record)
                case .events, .progress, .trimmed, .removed: break
                }
            }
        }
        return count
    }
}
