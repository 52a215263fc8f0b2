// `ETag` and `If-None-Match` of a job (RFC 9110 section 8.8.3). Moves in the queue are not part of it.

import MillstreamJournal

enum EntityTag {
    static func of(_ record: JobRecord) -> String {
        let progress = record.progress.map { String($0.bitPattern, radix: 36) } ?? "-"
        return "\"\(record.epoch.text)-\(record.state.rawValue)-\(record.attempt)-\(record.lastSequence)-\(record.messageCount)-\(progress)"
            + (record.cancelRequested ? "-c\"" : "\"")
    }

    /// Weak comparison of one tag with a list.
    static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            var candidate = part.drop { $0 == " " || $0 == "\t" }
            if candidate.hasPrefix("W/") { candidate = candidate.dropFirst(2) }
            while let last = candidate.last, last == " " || last == "\t" { candidate.removeLast() }
            return candidate == "*" || candidate == tag
        }
    }
}
