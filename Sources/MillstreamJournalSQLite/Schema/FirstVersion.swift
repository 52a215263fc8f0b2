// The layout of version 1.

extension Schema {
    /// Large texts lie apart from the rows that change often. Each list of jobs is served by an index that ends in `state` (and
    /// then `ref`, which every index holds): a list without a state is the newest of eight lists with one, so four indices serve
    /// all eight filters and no list ever walks past rows that it does not show.
    ///
    /// Events lie in the order in which they came, with a narrow index by log. A batch of single events from a thousand logs then
    /// writes a few dense pages; clustered by log (WITHOUT ROWID) it wrote a page for each event and took three times as long.
    /// Replay of a log that grew among many others pays for it: 100 events take 0.2 to 0.3 ms instead of 0.03.
    static let firstVersion = """
        CREATE TABLE store_state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            clean INTEGER NOT NULL,
            synchronous INTEGER NOT NULL,
            highest_ref INTEGER NOT NULL,
            highest_queue_order INTEGER NOT NULL,
            jobs INTEGER NOT NULL,
            events INTEGER NOT NULL,
            channels INTEGER NOT NULL,
            epoch_through INTEGER NOT NULL,
            epoch TEXT
        ) STRICT;
        INSERT INTO store_state VALUES (1, 1, 2, 0, 0, 0, 0, 0, 0, NULL);

        CREATE TABLE jobs (
            ref INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            owner TEXT,
            viewers TEXT,
            created_at INTEGER NOT NULL,
            epoch TEXT NOT NULL,
            input_bytes INTEGER NOT NULL,
            result_bytes INTEGER,
            state INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            progress REAL,
            error_code TEXT,
            error_message TEXT,
            error_stderr TEXT,
            priority INTEGER NOT NULL,
            timeout_ms INTEGER,
            run_at INTEGER,
            started_at INTEGER,
            finished_at INTEGER,
            queue_order INTEGER NOT NULL,
            due_at INTEGER,
            cancel_requested INTEGER NOT NULL,
            worker_sequence INTEGER NOT NULL,
            message_count INTEGER NOT NULL,
            process_group INTEGER,
            process_start INTEGER,
            process_boot TEXT,
            uploads TEXT,
            last_seq INTEGER NOT NULL,
            trimmed_through INTEGER NOT NULL,
            log_bytes INTEGER NOT NULL,
            revision INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX jobs_by_state ON jobs (state);
        CREATE INDEX jobs_by_kind ON jobs (kind, state);
        CREATE INDEX jobs_by_owner ON jobs (owner, state) WHERE owner IS NOT NULL;
        CREATE INDEX jobs_by_owner_kind ON jobs (owner, kind, state) WHERE owner IS NOT NULL;
        CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE state >= 5;
        CREATE TABLE inputs (ref INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
        CREATE TABLE results (ref INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

        CREATE TABLE channels (
            ref INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            epoch TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            last_seq INTEGER NOT NULL,
            trimmed_through INTEGER NOT NULL,
            log_bytes INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            ref INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            name TEXT NOT NULL,
            data BLOB NOT NULL,
            time INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX events_by_log ON events (ref, seq);
        CREATE TABLE publications (
            ref INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY (ref, attempt, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE messages (
            ref INTEGER NOT NULL,
            number INTEGER NOT NULL,
            body BLOB NOT NULL,
            time INTEGER NOT NULL,
            PRIMARY KEY (ref, number)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE removals (ref INTEGER PRIMARY KEY, through INTEGER NOT NULL) STRICT;

        CREATE TABLE idempotency (
            key TEXT PRIMARY KEY,
            fingerprint BLOB NOT NULL,
            job TEXT NOT NULL,
            ref INTEGER NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX idempotency_by_time ON idempotency (created_at);
        CREATE INDEX idempotency_by_ref ON idempotency (ref);

        CREATE TABLE uploads (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            content_type TEXT NOT NULL,
            byte_count INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            usage INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uploads_by_usage ON uploads (usage, created_at);
        CREATE TABLE upload_uses (
            ref INTEGER NOT NULL,
            upload TEXT NOT NULL,
            PRIMARY KEY (ref, upload)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX upload_uses_by_upload ON upload_uses (upload);
        """
}
