// Follows a stream over lost connections, restarts of the server and its wishes to come back later: a small
// EventSource. One thread, blocking; Ctrl-C ends every wait. It repeats nothing and skips nothing: each connection
// resumes at the last id.

import Glibc
import MillstreamJSON
import MillstreamSSE

/// Reads one stream from beginning to end, on as many connections as that takes.
struct EventFollower {
    /// What the one who follows is told.
    enum Notice {
        case event(ServerSentEvent)
        /// The connection is gone; the next attempt is in so many milliseconds.
        case waiting(reason: String, milliseconds: Int)
        /// A connection after a pause stands.
        case resumed
    }

    /// How it ended.
    enum End: Equatable {
        /// The caller had seen enough.
        case stopped
        /// 204: everything was read before.
        case nothingLeft
    }

    /// The longest pause without a byte: three heartbeats of the slowest setting.
    static let silenceMs = 75_000
    static let firstPauseMs = 1000
    static let maxPauseMs = 30_000

    let client: MillstreamClient
    /// With its query.
    let path: String
    /// Where to begin, and later where to go on.
    private(set) var cursor: String?
    private var pauseMs = Self.firstPauseMs
    /// Until the first connection stood, a server that is not there is a failure; later it is a pause.
    private var wasConnected = false

    init(client: MillstreamClient, path: String, cursor: String?) {
        self.client = client
        self.path = path
        self.cursor = cursor
    }

    /// Runs until `notice` returns false or the server says that there is nothing left.
    mutating func run(_ notice: (Notice) -> Bool) throws(ClientFailure) -> End {
        while true {
            do throws(ClientFailure) {
                if let end = try readOnce(notice) { return end }
                try pause("the stream ended", notice)
            } catch {
                guard case .unreachable(_, let reason) = error, wasConnected else {
                    guard case .refused(let status, let text) = error, wasConnected, status >= 500 else { throw error }
                    try pause(text, notice)
                    continue
                }
                try pause(reason, notice)
            }
        }
    }

    // MARK: One connection

    private mutating func readOnce(_ notice: (Notice) -> Bool) throws(ClientFailure) -> End? {
        let call = try client.stream(path, cursor: cursor)
        if call.head.status == 204 { return .nothingLeft }
        guard call.head.status == 200 else { throw try MillstreamClient.refusal(of: call) }
        guard call.head["content-type"]?.lowercased().hasPrefix("text/event-stream") == true else {
            throw .badAnswer("it is no event stream")
        }
        if wasConnected { _ = notice(.resumed) }
        wasConnected = true
        var parser = SSEParser(lastEventID: cursor ?? "")
        var goesOn = true
        while goesOn, let bytes = try call.nextPiece(timeoutMs: Self.silenceMs) {
            parser.push(bytes) { event in
                if goesOn { goesOn = notice(.event(event)) }
            }
            if !parser.lastEventID.isEmpty { cursor = parser.lastEventID }
            if parser.failure != nil { throw .badAnswer("an event is too long") }
            // Something came: the next loss begins with a short pause again.
            pauseMs = parser.reconnectionTimeMs.map { min(max($0, 1), Self.maxPauseMs) } ?? Self.firstPauseMs
        }
        return goesOn ? nil : .stopped
    }

    /// Waits, a little longer each time in a row, at random so that many clients do not come at once.
    private mutating func pause(_ reason: String, _ notice: (Notice) -> Bool) throws(ClientFailure) {
        let milliseconds = pauseMs / 2 + Int.random(in: 0...max(1, pauseMs / 2))
        pauseMs = min(pauseMs * 2, Self.maxPauseMs)
        _ = notice(.waiting(reason: reason, milliseconds: milliseconds))
        var watched = pollfd(fd: client.interrupt, events: Int16(POLLIN), revents: 0)
        if poll(&watched, 1, Int32(clamping: milliseconds)) > 0, watched.revents != 0 { throw .interrupted }
    }
}
