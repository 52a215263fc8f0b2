// `millstream submit`: posts a job and follows it to its end.

import ArgumentParser
import MillstreamJSON

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Post a job and follow it to its end.",
        discussion: """
            The result goes to standard output, everything else to standard error: a progress bar on a terminal, plain lines \
            elsewhere. A lost connection is resumed where it broke. Ctrl-C leaves the job alone and says how to come back.

            EXAMPLES
              millstream submit demo.steps --input '{"steps":5,"interval_ms":500}'
              millstream submit demo.transcribe --upload talk.wav > transcript.json
              echo '{"width":800}' | millstream submit resize --input-file - --no-follow
            """)

    @Argument(help: "The kind of job.")
    var kind: String

    @Option(name: [.short, .long], help: ArgumentHelp("The job's input.", valueName: "json"))
    var input: String?

    @Option(
        help: ArgumentHelp("A file that holds the input; - for standard input.", valueName: "file"), completion: .file()
    )
    var inputFile: String?

    @Option(
        help: ArgumentHelp("A file to send first; the input's member upload names it.", valueName: "file"),
        completion: .file())
    var upload: String?

    @Option(help: "An id of your own: 1 to 64 of A-Z a-z 0-9 . _ -")
    var id: String?

    @Option(help: "Who the job belongs to.")
    var owner: String?

    @Option(help: "Who else may see it (may be repeated).")
    var viewer: [String] = []

    @Option(help: "Jobs with a higher one start first.")
    var priority: Int?

    @Option(help: ArgumentHelp("Not before this time: 2026-11-21T08:00:00Z.", valueName: "time"))
    var runAt: String?

    @Option(help: ArgumentHelp("Seconds that an attempt may take.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("Posting twice with the same key makes one job.", valueName: "key"))
    var idempotencyKey: String?

    @Flag(
        inversion: .prefixedNo, exclusivity: .chooseLast,
        help: "Follow the job to its end, or print its id and leave.")
    var follow = true

    @Flag(help: "Show nothing until the end: wait for the result only.")
    var wait = false

    @Flag(help: "Print each event, and the job at its end, as one line of JSON.")
    var json = false

    @OptionGroup var server: ServerOption

    func validate() throws {
        if input != nil, inputFile != nil { throw ValidationError("--input and --input-file exclude each other") }
        if wait, !follow { throw ValidationError("--wait and --no-follow exclude each other") }
    }

    func run() throws {
        try server.run { client throws(ClientFailure) in
            let job = try post(client)
            guard follow else {
                Output.out(json ? job.text.text : job.id)
                return 0
            }
            let style: JobReporter.Style =
                json ? .json : wait ? .quiet : TerminalText.isInteractive ? .bar : .lines
            if style == .lines { Output.note("job \(job.id)") }
            return try JobFollowing(client: client, id: job.id, cursor: nil, style: style, showsResult: true).run(job)
        }
    }

    // MARK: The job

    private func post(_ client: MillstreamClient) throws(ClientFailure) -> JobSnapshot {
        var input = try givenInput()
        if let upload {
            let id = try client.upload(LocalFile(upload))
            input = try Self.adding(upload: id, to: input)
        }
        // A key of our own, so that the answer which a broken connection swallowed is asked for again without a second
        // job.
        let key = idempotencyKey ?? "cli-" + String(UInt128.random(in: .min ... .max), radix: 36)
        let body = request(input)
        do throws(ClientFailure) {
            return try client.submit(body, idempotencyKey: key)
        } catch {
            guard case .unreachable = error else { throw error }
            return try client.submit(body, idempotencyKey: key)
        }
    }

    private func givenInput() throws(ClientFailure) -> JSONText? {
        let bytes: [UInt8]
        if let input {
            bytes = Array(input.utf8)
        } else if let inputFile {
            bytes = try LocalFile.contents(of: inputFile)
        } else {
            return nil
        }
        do throws(JSONSyntaxError) {
            return try JSONText(validating: bytes)
        } catch {
            throw .usage("the input is no JSON: \(error.reason) at byte \(error.offset)")
        }
    }

    /// The object with one more member.
    static func adding(upload id: String, to input: JSONText?) throws(ClientFailure) -> JSONText {
        var writer = JSONWriter()
        writer.beginObject()
        do throws(JSONSyntaxError) {
            for (name, value) in try (input ?? .emptyObject).members() where name != "upload" {
                writer.member(name, value)
            }
        } catch {
            throw .usage("with --upload the input must be a JSON object: \(error.reason)")
        }
        writer.member("upload", id)
        writer.endObject()
        return writer.finish()
    }

    private func request(_ input: JSONText?) -> JSONText {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("kind", kind)
        if let input { writer.member("input", input) }
        if let id { writer.member("id", id) }
        if let owner { writer.member("owner", owner) }
        if !viewer.isEmpty {
            writer.name("viewers")
            writer.beginArray()
            for one in viewer { writer.string(one) }
            writer.endArray()
        }
        if let priority { writer.member("priority", priority) }
        if let runAt { writer.member("run_at", runAt) }
        if let timeout { writer.member("timeout_s", timeout) }
        writer.endObject()
        return writer.finish()
    }
}
