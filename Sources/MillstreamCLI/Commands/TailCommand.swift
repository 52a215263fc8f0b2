// `millstream tail`: prints the events of a job, or of channels, as they come.

import ArgumentParser
import MillstreamJSON

struct TailCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print the events of a job or of channels as they come.",
        discussion: """
            Begins with the first event that is kept, or behind the one that --after names. A job's tail ends with the job, and its \
            exit status says how; a channel's goes on until Ctrl-C.

            EXAMPLES
              millstream tail 01999d5c-7a2b-7000-8000-0123456789ab
              millstream tail --channel news --channel weather --json
              millstream tail JOB --after k3f9-17
            """)

    @Argument(help: "The job's id.")
    var job: String?

    @Option(name: [.short, .long], help: ArgumentHelp("A channel (may be repeated, at most 64).", valueName: "name"))
    var channel: [String] = []

    @Option(
        help: ArgumentHelp(
            "Begin behind this event: an id, or its number in the present log.", valueName: "cursor"))
    var after: String?

    @Flag(help: "Print each event as one line of JSON.")
    var json = false

    @OptionGroup var server: ServerOption

    func validate() throws {
        guard (job == nil) != channel.isEmpty else { throw ValidationError("name a job, or channels with --channel") }
        guard channel.count <= 64 else { throw ValidationError("at most 64 channels") }
    }

    func run() throws {
        try server.run { client throws(ClientFailure) in
            if let job { return try tail(job, client) }
            return try tailChannels(client)
        }
    }

    private func tail(_ id: String, _ client: MillstreamClient) throws(ClientFailure) -> Int32 {
        var printer = EventPrinter(json: json)
        var follower = EventFollower(
            client: client, path: MillstreamClient.path(of: id) + "/events" + startQuery, cursor: startCursor)
        var state: String?
        _ = try follower.run { notice in
            guard let event = printer.show(notice) else { return true }
            guard JobSnapshot.exitStatus(ofState: event.name) != nil else { return true }
            state = event.name
            return false
        }
        if state == nil { state = try client.job(id).state }
        return state.flatMap(JobSnapshot.exitStatus) ?? 0
    }

    private func tailChannels(_ client: MillstreamClient) throws(ClientFailure) -> Int32 {
        var printer = EventPrinter(json: json)
        let query = MillstreamClient.queryText(channel.map { ("channel", $0) })
        let start = startQuery.isEmpty ? "" : "&" + startQuery.dropFirst()
        var follower = EventFollower(client: client, path: "/v1/events\(query)\(start)", cursor: startCursor)
        _ = try follower.run { notice in
            _ = printer.show(notice)
            return true
        }
        return 0
    }

    /// A bare number counts in the present log; anything else is a cursor and goes into `Last-Event-ID`.
    private var isNumber: Bool {
        after.map { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? false
    }
    private var startQuery: String { isNumber ? MillstreamClient.queryText([("starting_after", after ?? "")]) : "" }
    private var startCursor: String? { isNumber ? nil : after }
}
