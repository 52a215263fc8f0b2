// What the journal knows of uploaded files, and which jobs use them: rows of two tables, written inside a batch. The files themselves
// are not the journal's.

import MillstreamJournal

struct UploadRows {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    func put(_ upload: UploadRecord) throws(JournalError) {
        let row = try connection.statement(
            """
            INSERT INTO uploads (id, name, content_type, byte_count, created_at, usage) VALUES (?1, ?2, ?3, ?4, ?5, 0)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, content_type = excluded.content_type,
                byte_count = excluded.byte_count, created_at = excluded.created_at
            """)
        row.bind(1, upload.id)
        row.bind(2, upload.name)
        row.bind(3, upload.contentType)
        row.bind(4, upload.byteCount)
        row.bind(5, upload.createdAt)
        try row.run()
    }

    func remove(_ id: String) throws(JournalError) {
        for sql in ["DELETE FROM uploads WHERE id = ?1", "DELETE FROM upload_uses WHERE upload = ?1"] {
            let row = try connection.statement(sql)
            row.bind(1, id)
            try row.run()
        }
    }

    /// Nothing happens when there is no such upload.
    func use(_ id: String, by ref: LogRef) throws(JournalError) {
        let mark = try connection.statement("UPDATE uploads SET usage = ?2 WHERE id = ?1")
        mark.bind(1, id)
        mark.bind(2, UploadUsage.used.rawValue)
        try mark.run()
        guard connection.changes > 0 else { return }
        let use = try connection.statement("INSERT OR IGNORE INTO upload_uses (ref, upload) VALUES (?1, ?2)")
        use.bind(1, ref)
        use.bind(2, id)
        try use.run()
    }

    /// A job goes: uploads that no other uses may be swept.
    func release(of ref: LogRef) throws(JournalError) {
        let uses = try connection.statement("SELECT upload FROM upload_uses WHERE ref = ?1")
        uses.bind(1, ref)
        let uploads = try uses.rows { uses.text(0) }
        guard !uploads.isEmpty else { return }
        let forget = try connection.statement("DELETE FROM upload_uses WHERE ref = ?1")
        forget.bind(1, ref)
        try forget.run()
        let release = try connection.statement(
            """
            UPDATE uploads SET usage = ?2
            WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM upload_uses WHERE upload_uses.upload = ?1)
            """)
        for upload in uploads {
            release.bind(1, upload)
            release.bind(2, UploadUsage.released.rawValue)
            try release.run()
        }
    }
}
