// The body of `POST /v1/jobs`.

import MillstreamJSON
import MillstreamJobs
import MillstreamJournal

enum CreateJobRequest {
    static let maxViewers = 256
    static let maxPrincipalBytes = 256
    static let maxTimeoutSeconds = 30 * 86_400.0

    static func parse(_ body: [UInt8], idempotencyKey: String?) throws(Problem) -> NewJob {
        let text = try JSONBody.parse(body)
        var fields = try FieldReader(text)
        let kind = fields.string("kind")
        if kind == nil, fields.value("kind").map(\.isNull) ?? true { fields.missing("kind") }
        var job = NewJob(kind: kind ?? "", input: fields.value("input") ?? .emptyObject)
        if let kind, !JobID.isName(kind, maxLength: 64) {
            fields.refuse("kind", "must be 1 to 64 characters out of A-Z a-z 0-9 . _ -")
        }
        if let id = fields.string("id") {
            job.id = JobID(id)
            if job.id == nil {
                let isDots = JobID.isName(id, maxLength: 64)
                fields.refuse(
                    "id",
                    isDots
                        ? "must not be . or .., which clients take out of a URL's path"
                        : "must be 1 to 64 characters out of A-Z a-z 0-9 . _ -")
            }
        }
        job.owner = fields.string("owner")
        if let owner = job.owner, !isPrincipal(owner) {
            fields.refuse("owner", "must be 1 to \(maxPrincipalBytes) bytes without control characters")
        }
        job.viewers = fields.strings("viewers") ?? []
        if job.viewers.count > maxViewers { fields.refuse("viewers", "must be at most \(maxViewers)") }
        if !job.viewers.allSatisfy(isPrincipal) {
            fields.refuse("viewers", "must each be 1 to \(maxPrincipalBytes) bytes without control characters")
        }
        job.priority = fields.integer("priority") ?? 0
        if !(-100...100).contains(job.priority) { fields.refuse("priority", "must be -100 to 100") }
        job.runAt = fields.time("run_at")
        if let seconds = fields.number("timeout_s") {
            if seconds > 0, seconds <= maxTimeoutSeconds {
                job.timeoutMs = max(1, Int64(seconds * 1000))
            } else {
                fields.refuse("timeout_s", "must be above 0 and at most \(Int(maxTimeoutSeconds))")
            }
        }
        do throws(UploadReferences.Failure) {
            job.uploads = try UploadReferences.find(in: job.input)
        } catch {
            fields.refuse("input", error.message)
        }
        try fields.finish()
        if let idempotencyKey {
            job.idempotency = IdempotencyKey(key: idempotencyKey, fingerprint: Fingerprint.of(text.bytes))
        }
        return job
    }

    private static func isPrincipal(_ text: String) -> Bool {
        (1...maxPrincipalBytes).contains(text.utf8.count) && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}

/// A request body that must be one JSON value.
enum JSONBody {
    static func parse(_ body: [UInt8]) throws(Problem) -> JSONText {
        do throws(JSONSyntaxError) {
            return try JSONText(validating: body)
        } catch {
            throw Problem(.malformedJSON, "at byte \(error.offset): \(error.reason)")
        }
    }

    /// For a request that says everything by its path: the body is missing, or an object without members.
    static func checkEmpty(_ body: [UInt8]) throws(Problem) {
        guard !body.isEmpty else { return }
        var fields = try FieldReader(try parse(body))
        try fields.finish()
    }
}
