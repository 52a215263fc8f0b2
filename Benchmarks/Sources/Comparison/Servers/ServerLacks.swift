/// What a server that is compared leaves out and Millstream does while it is measured: without that no quotient between both can be read.
/// One sentence for each server of the catalogue, for the results page. Pure.
package enum ServerLacks {
    /// Without a full stop; nil for ours, and for a server that nobody knows any more.
    package static func text(of server: String) -> String? { texts[server] }

    private static let texts = [
        Yardstick.epoll.rawValue: """
        a yardstick that nobody would run: no HTTP parser, no log, nothing durable, no cursor or replay, no heartbeat, no jobs; a reader that \
        keeps its socket full for 20 ms is closed
        """,
        Yardstick.durable.rawValue: """
        a yardstick that nobody would run: its events are on the disk first, and can be read from there by nobody (no SQL, no recovery); no HTTP \
        parser, no heartbeat, no checks, no handlers beside the loop; a reader whose socket is full gets nothing more
        """,
        "libevent":
            """
        a C program of this repository on Millstream's own library: no log, nothing durable, no cursor or replay, no heartbeat, no jobs; a reader \
        that lags by 1 MiB is cut off
        """,
        "nchan": "nothing durable (the last 10 events of a channel, in memory, for a minute), no jobs",
        "node":
            """
        nothing durable: jobs and their events are in memory and gone with the process; no log of a channel, no cursor but for a job's stream, \
        no heartbeat, no queue, no bound on what a slow reader holds
        """,
        "starlette":
            """
        nothing durable: jobs and their events are in memory and gone with the process; no log of a channel, no cursor but for a job's stream, \
        no queue, no bound on what a slow reader holds
        """,
    ]
}
