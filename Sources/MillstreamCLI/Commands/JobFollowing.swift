// Following one job to its end: what `submit` and `tail` share.

import MillstreamJSON

/// One job, its stream and its reporter.
struct JobFollowing {
    let client: MillstreamClient
    let id: String
    /// Where to begin; nil for the beginning.
    let cursor: String?
    let style: JobReporter.Style
    /// Whether the result of a completed job goes to standard output at the end.
    let showsResult: Bool

    /// Follows to the end. Returns the exit status that tells how the job ended.
    func run(_ known: JobSnapshot? = nil) throws(ClientFailure) -> Int32 {
        var reporter = JobReporter(style: style, job: known)
        var follower = EventFollower(client: client, path: MillstreamClient.path(of: id) + "/events", cursor: cursor)
        do throws(ClientFailure) {
            _ = try follower.run { notice in
                switch notice {
                case .event(let event): return reporter.show(event)
                case .waiting(let reason, let milliseconds):
                    reporter.say("\(reason); trying again in \(Double(milliseconds / 100) / 10) s")
                case .resumed: reporter.say("connected again")
                }
                return true
            }
        } catch {
            reporter.abandon()
            if error == .interrupted { sayHowToResume(follower.cursor) }
            throw error
        }
        let end = try whole(reporter.job)
        reporter.finish()
        return show(end)
    }

    /// Events leave the input and long results out, and after a 204 there was no event at all.
    private func whole(_ seen: JobSnapshot?) throws(ClientFailure) -> JobSnapshot {
        if let seen, seen.isTerminal, !seen.hasResultElsewhere, style != .json { return seen }
        return try client.job(id)
    }

    private func show(_ job: JobSnapshot) -> Int32 {
        if style == .json {
            Output.out(job.text.text)
        } else {
            if let error = job.errorText { Output.fail("job \(job.id) \(job.state): \(TerminalText.safe(error))") }
            if showsResult, let result = job.result { Output.out(result.text) }
        }
        return JobSnapshot.exitStatus(ofState: job.state) ?? 0
    }

    private func sayHowToResume(_ cursor: String?) {
        let after = cursor.map { " --after \($0)" } ?? ""
        let server = client.address.description == ServerAddress.fallback ? "" : " --server \(client.address)"
        Output.note("the job goes on; watch it again with:  millstream tail \(id)\(after)\(server)")
        Output.note("                 or end it with:       millstream cancel \(id)\(server)")
    }
}
