// A job as the server shows it, as far as the commands look at it. A value.

import MillstreamJSON

/// A job object.
struct JobSnapshot {
    /// The whole object, for `--json`.
    let text: JSONText
    let id: String
    let kind: String
    let state: String

    init(_ text: JSONText) throws(ClientFailure) {
        guard let id = text.member("id")?.stringValue, let state = text.member("state")?.stringValue else {
            throw .badAnswer("a job without id or state")
        }
        self.text = text
        self.id = id
        self.state = state
        kind = text.member("kind")?.stringValue ?? ""
    }

    var progress: Double? { text.member("progress")?.doubleValue }
    var attempt: Int { text.member("attempt")?.intValue ?? 0 }
    var owner: String { text.member("owner")?.stringValue ?? "" }
    var createdAt: String { text.member("created_at")?.stringValue ?? "" }
    var queuePosition: Int? { text.member("queue_position")?.intValue }
    var result: JSONText? { text.member("result").flatMap { $0.isNull ? nil : $0 } }
    /// Whether the result was too long to be shown here.
    var hasResultElsewhere: Bool { result == nil && text.member("result_url")?.stringValue != nil }

    /// `code: message` of a failed job.
    var errorText: String? {
        guard let error = text.member("error"), !error.isNull else { return nil }
        return [error.member("code")?.stringValue, error.member("message")?.stringValue].compactMap(\.self)
            .joined(separator: ": ")
    }

    var isTerminal: Bool { Self.exitStatus(ofState: state) != nil }

    /// What a command that followed the job ends with; nil for a state in which it goes on.
    static func exitStatus(ofState state: String) -> Int32? {
        switch state {
        case "completed": 0
        case "failed": ExitStatus.jobFailed
        case "cancelled": ExitStatus.jobCancelled
        default: nil
        }
    }
}

/// One page of `GET /v1/jobs`.
struct JobPage {
    let jobs: [JobSnapshot]
    let nextCursor: String?

    init(_ text: JSONText) throws(ClientFailure) {
        guard let elements = text.member("jobs")?.elements() else { throw .badAnswer("a list without jobs") }
        var jobs: [JobSnapshot] = []
        for element in elements { jobs.append(try JobSnapshot(element)) }
        self.jobs = jobs
        nextCursor = text.member("next_cursor")?.stringValue
    }
}
