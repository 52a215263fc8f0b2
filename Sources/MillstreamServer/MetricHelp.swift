// What each metric of the server says, in one line for whoever looks at `/metrics` or at a dashboard's tooltip. Immutable.

/// The help texts of `/metrics`, by the metric's name.
public enum MetricHelp {
    /// One for each metric that ``ServerMetrics`` and those that report to it have, without the metric's type or labels.
    public static let texts: KeyValuePairs<String, String> = [
        // The loop.
        "millstream_ticks_total": "Rounds of the event loop.",
        "millstream_tick_seconds": "From the first callback of a round of the event loop to its end.",
        "millstream_tick_max_seconds": "The longest round of the event loop since the last look at these metrics.",
        "millstream_loop_busy_seconds": "Time that the event loop has worked since the start, all its rounds together.",
        "millstream_mailbox_depth": "Messages of other threads that wait for the event loop.",
        // Connections and requests.
        "millstream_connections_open": "Connections that are open, streams aside.",
        "millstream_connections_accepted_total": "Connections accepted.",
        "millstream_accept_failures_total": "Times that accepting stopped for lack of descriptors.",
        "millstream_request_bytes_total": "Bytes received.",
        "millstream_reply_bytes_total": "Bytes of replies, those of streams aside.",
        "millstream_http_replies_total": "Replies by their HTTP status; a stream is one of 200.",
        "millstream_stalled_replies_total": "Connections closed because their peer did not take a reply.",
        "millstream_refusals_total": "Requests refused, by the last part of the problem's type.",
        "millstream_limit_hits_total":
            "Times that something was refused, cut, made to wait or removed because of a bound, by the setting that holds it.",
        "millstream_request_body_bytes": "Bytes of request bodies that are held in memory while they arrive.",
        "millstream_requests_parked": "Requests that wait for a change of a job.",
        // Streams.
        "millstream_streams_open": "Streams that are open.",
        "millstream_streams_opened_total": "Streams opened.",
        "millstream_streams_closed_total": "Streams that are over, by what ended them.",
        "millstream_streams_lagging": "Streams whose peer has not taken yet what was sent.",
        "millstream_events_total": "Events committed to the logs of jobs and channels.",
        "millstream_event_bytes_total": "Bytes of those events as they are sent to one reader.",
        "millstream_deliveries_total": "Events given to readers; one that ten readers get counts ten times.",
        "millstream_delivered_bytes_total": "Bytes of the events given to readers.",
        "millstream_conflated_events_total": "Progress events that slow readers did not get because a newer one came.",
        "millstream_gaps_total": "Gap events: readers were told of events that they will not get.",
        "millstream_emission_to_socket_seconds":
            "From an event's emission to its delivery to a reader, the commit between them included.",
        "millstream_logs_held": "Logs that have readers or recent events in memory.",
        "millstream_recent_bytes": "Memory that recent events take.",
        // The journal.
        "millstream_journal_commit_seconds": "Until a batch of commands was on the disk.",
        "millstream_journal_batch_commands": "Commands that one commit took.",
        "millstream_journal_room_seconds": "Removing and making room in the journal between commits.",
        "millstream_journal_queue_callers": "Commands of requests that wait for the journal.",
        "millstream_journal_queue_emissions": "Events of workers that wait for the journal.",
        "millstream_journal_waiting_workers": "Workers that wait because the journal's queue is full.",
        "millstream_journal_healthy": "1 while the store takes what it is given, otherwise 0.",
        "millstream_journal_failed_commits_total": "Commits that the store refused.",
        "millstream_replay_queue": "Questions of requests and streams that wait for a reader of the journal.",
        "millstream_store_questions": "Pages of logs that streams have asked the journal for and wait for.",
        // Jobs, workers and uploads.
        "millstream_jobs": "Jobs that have not ended, by kind and state.",
        "millstream_jobs_ended_total": "Jobs that have ended since the start, by kind and last state.",
        "millstream_jobs_queued": "Jobs that wait for their turn.",
        "millstream_queue_age_seconds": "How long the oldest queued job has waited.",
        "millstream_worker_runs": "Attempts that run, by the sort of worker.",
        "millstream_blocking_threads_busy": "Threads that a blocking handler holds.",
        "millstream_blocking_threads_awaited": "Blocking pieces of work that wait for a thread.",
        "millstream_upload_bytes": "Bytes of stored uploads.",
        "millstream_upload_bytes_incoming": "Room that uploads on their way have claimed.",
        "millstream_uploads_incoming": "Uploads on their way.",
    ]
}
