// Shows a job's events while it is followed: a bar and lines above it on a terminal, plain lines elsewhere, or JSON.
// One thread.

import Glibc
import MillstreamJSON
import MillstreamSSE

/// Turns the stream of one job into what its user sees, and remembers how it ended.
struct JobReporter {
    enum Style {
        /// A bar that is drawn over, and what is not progress above it.
        case bar
        /// Each event a line.
        case lines
        /// Each event a JSON object on standard output.
        case json
        /// Nothing but the result.
        case quiet
    }

    let style: Style
    /// The job as last seen, from `status` and the terminal event.
    private(set) var job: JobSnapshot?
    private var bar: ProgressBar
    private let beganMs: Int
    private var isDrawn = false

    init(style: Style, job: JobSnapshot? = nil) {
        self.style = style
        self.job = job
        bar = ProgressBar(kind: job?.kind ?? "", state: job?.state ?? "connecting", percent: job?.progress)
        beganMs = Self.nowMs
    }

    /// Shows one event; false once the job has ended.
    mutating func show(_ event: ServerSentEvent) -> Bool {
        let data = try? JSONText(validating: event.data.utf8)
        if style == .json { Output.out(Self.json(event, data)) }
        switch event.name {
        case "status", "completed", "failed", "cancelled":
            if let data { take(data) }
            // The end is said once, by the terminal event.
            let isEarly = event.name == "status" && job?.isTerminal == true
            if style == .lines, !isEarly { Output.note(plain(event, data)) }
            redraw()
            // The first `status` of an ended job is followed by its whole log; only the terminal event is the last.
            return event.name == "status"
        case "progress":
            takeProgress(data)
            if style == .lines { Output.note(plain(event, data)) }
            redraw()
        default:
            if style == .bar || style == .lines { say(plain(event, data)) }
        }
        return true
    }

    /// A line that is not the job's: `connection lost`.
    mutating func say(_ line: String) {
        guard style != .quiet else { return }
        erase()
        Output.note(line)
        redraw()
    }

    /// Removes the bar, without a word.
    mutating func abandon() { erase() }

    /// Leaves the bar's line; nothing is drawn over it any more.
    mutating func finish() {
        erase()
        guard style == .bar, let job else { return }
        let mark = job.state == "completed" ? "✓" : "✗"
        Output.note(
            "\(mark) \(TerminalText.safe(job.kind)) \(job.id) \(job.state) after \(ProgressBar.time(Self.nowMs - beganMs))"
        )
    }

    // MARK: Taking

    private mutating func take(_ data: JSONText) {
        guard let snapshot = try? JobSnapshot(data) else { return }
        job = snapshot
        bar.kind = snapshot.kind
        bar.state = snapshot.state
        bar.queuePosition = snapshot.queuePosition
        if let progress = snapshot.progress { bar.percent = progress }
        if snapshot.state == "completed" { bar.percent = 100 }
    }

    private mutating func takeProgress(_ data: JSONText?) {
        if let percent = data?.member("progress")?.doubleValue { bar.percent = percent }
        for name in ["stage", "message"] {
            if let text = data?.member(name)?.stringValue { bar.stage = text }
        }
        if bar.state != "input_required" { bar.state = "in_progress" }
    }

    // MARK: Drawing

    private mutating func redraw() {
        guard style == .bar else { return }
        Output.draw("\r\u{1B}[K" + bar.line(columns: TerminalText.width - 1, elapsedMs: Self.nowMs - beganMs))
        isDrawn = true
    }

    private mutating func erase() {
        if isDrawn { Output.draw("\r\u{1B}[K") }
        isDrawn = false
    }

    private static var nowMs: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    // MARK: Texts

    /// One line for a person.
    private func plain(_ event: ServerSentEvent, _ data: JSONText?) -> String {
        switch event.name {
        case "status", "completed", "failed", "cancelled":
            guard let job else { return event.name }
            let progress = job.progress.map { " \(ProgressBar.whole($0)) %" } ?? ""
            return "\(event.name == "status" ? job.state : event.name)\(event.name == "status" ? progress : "")"
        case "progress":
            guard let percent = data?.member("progress")?.doubleValue else {
                return TerminalText.safe("progress \(event.data)")
            }
            let stage = bar.stage.isEmpty ? "" : "  \(bar.stage)"
            return TerminalText.safe("progress \(ProgressBar.whole(percent)) %\(stage)")
        case "log":
            let source = data?.member("stream")?.stringValue
            return TerminalText.safe(
                (source == "stderr" ? "! " : "| ") + (data?.member("line")?.stringValue ?? event.data))
        case "gap":
            let (from, to) = (data?.member("from")?.stringValue ?? "?", data?.member("to")?.stringValue ?? "?")
            return "some events are not shown: \(from) to \(to) (\(data?.member("reason")?.stringValue ?? "?"))"
        case "closing":
            return "the server ends the stream: \(data?.member("reason")?.stringValue ?? "?")"
        default:
            return TerminalText.safe("\(event.name) \(event.data)")
        }
    }

    /// `{"id","event","data"}` on one line.
    static func json(_ event: ServerSentEvent, _ data: JSONText?) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        // `status`, `gap` and `closing` have no id of their own; the one in force would be another event's.
        let isNumbered = !["status", "gap", "closing"].contains(event.name) && !event.id.isEmpty
        writer.member("id", isNumbered ? event.id : nil)
        writer.member("event", event.name)
        if let data { writer.member("data", data) } else { writer.member("data", event.data) }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
