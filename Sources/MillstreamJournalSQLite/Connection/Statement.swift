// One prepared statement: parameters in, columns out. Belongs to its connection, and so to one thread at a time. Parameters count
// from 1 and columns from 0, as SQLite counts them.

import CSQLite
import MillstreamJSON
import MillstreamJournal

final class Statement {
    private var pointer: OpaquePointer?
    // The connection owns its statements and finalizes them before it goes.
    private unowned let connection: Connection

    init(_ pointer: OpaquePointer, on connection: Connection) {
        self.pointer = pointer
        self.connection = connection
    }

    func finalize() {
        sqlite3_finalize(pointer)
        pointer = nil
    }

    // MARK: Running

    /// True when a row is there. After false, and after a fault, the statement is ready for its next use.
    func step() throws(JournalError) -> Bool {
        let code = sqlite3_step(pointer)
        if code == SQLITE_ROW { return true }
        // The message is that of the last call, so it is read before the reset.
        let error = code == SQLITE_DONE ? nil : fault(code)
        sqlite3_reset(pointer)
        if let error { throw error }
        return false
    }

    /// Runs it to its end, for statements without rows.
    func run() throws(JournalError) {
        try finish(sqlite3_step(pointer))
    }

    /// The same for a row whose key may be there; false when it is, and nothing was done then.
    func runUnlessTaken() throws(JournalError) -> Bool {
        let code = sqlite3_step(pointer)
        if code == Self.uniqueViolation {
            sqlite3_reset(pointer)
            return false
        }
        try finish(code)
        return true
    }

    /// SQLITE_CONSTRAINT_UNIQUE, a macro that Swift cannot read.
    private static let uniqueViolation = SQLITE_CONSTRAINT | 8 << 8

    /// Ends a reading before its last row.
    func reset() {
        sqlite3_reset(pointer)
    }

    /// The rows, each made into a value while the statement stands on it; no more are read once `body` gives nil.
    func rows<Row>(_ body: () throws(JournalError) -> Row?) throws(JournalError) -> [Row] {
        defer { reset() }
        var rows: [Row] = []
        while try step() {
            guard let row = try body() else { break }
            rows.append(row)
        }
        return rows
    }

    /// The first row, made into a value.
    func first<Row>(_ body: () throws(JournalError) -> Row) throws(JournalError) -> Row? {
        defer { reset() }
        return try step() ? try body() : nil
    }

    private func finish(_ code: Int32) throws(JournalError) {
        let error = code == SQLITE_DONE || code == SQLITE_ROW ? nil : fault(code)
        sqlite3_reset(pointer)
        if let error { throw error }
    }

    private func fault(_ code: Int32) -> JournalError {
        pointer == nil ? Connection.closed : connection.fault(code)
    }

    // MARK: Parameters

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(pointer, index, value)
    }

    func bind(_ index: Int32, _ value: Int64?) {
        if let value { bind(index, value) } else { sqlite3_bind_null(pointer, index) }
    }

    func bind(_ index: Int32, _ value: Timestamp) {
        bind(index, value.milliseconds)
    }

    func bind(_ index: Int32, _ value: Timestamp?) {
        bind(index, value?.milliseconds)
    }

    func bind(_ index: Int32, _ ref: LogRef) {
        bind(index, ref.number)
    }

    func bind(_ index: Int32, _ value: Double?) {
        if let value { sqlite3_bind_double(pointer, index, value) } else { sqlite3_bind_null(pointer, index) }
    }

    /// SQLite copies the text: it is short.
    func bind(_ index: Int32, _ value: String?) {
        guard var value else {
            sqlite3_bind_null(pointer, index)
            return
        }
        value.withUTF8 { utf8 in
            _ = utf8.withMemoryRebound(to: CChar.self) { text in
                sqlite3_bind_text(
                    pointer, index, text.baseAddress ?? Self.empty, Int32(clamping: text.count), Self.copied)
            }
        }
    }

    /// SQLite copies the bytes.
    func bind(_ index: Int32, copying bytes: [UInt8]?) {
        guard let bytes else {
            sqlite3_bind_null(pointer, index)
            return
        }
        bytes.withUnsafeBytes { raw in
            _ = sqlite3_bind_blob64(
                pointer, index, raw.baseAddress ?? UnsafeRawPointer(Self.empty), UInt64(raw.count), Self.copied)
        }
    }

    /// SQLite reads the text where the scratch keeps it; it copies one that has no room there.
    func bind(_ index: Int32, _ value: String?, keptBy scratch: BindScratch) {
        guard var value else {
            sqlite3_bind_null(pointer, index)
            return
        }
        value.withUTF8 { utf8 in
            let kept = scratch.keep(UnsafeRawBufferPointer(utf8))
            let text = kept ?? UnsafeRawPointer(utf8.baseAddress) ?? UnsafeRawPointer(Self.empty)
            sqlite3_bind_text(
                pointer, index, text.assumingMemoryBound(to: CChar.self), Int32(clamping: utf8.count),
                kept == nil ? Self.copied : nil)
        }
    }

    /// The same for bytes.
    func bind(_ index: Int32, _ bytes: [UInt8]?, keptBy scratch: BindScratch) {
        guard let bytes else {
            sqlite3_bind_null(pointer, index)
            return
        }
        bytes.withUnsafeBytes { raw in
            let kept = scratch.keep(raw)
            sqlite3_bind_blob64(
                pointer, index, kept ?? raw.baseAddress ?? UnsafeRawPointer(Self.empty), UInt64(raw.count),
                kept == nil ? Self.copied : nil)
        }
    }

    /// Binds bytes and runs the statement without copying them: SQLite sees the array's own memory while it runs.
    func run(binding index: Int32, _ bytes: [UInt8]) throws(JournalError) {
        let code = bytes.withUnsafeBytes { raw in
            runPinned(index, raw)
        }
        try finish(code)
    }

    /// The same with a text beside the bytes.
    func run(binding textIndex: Int32, _ text: String, _ index: Int32, _ bytes: [UInt8]) throws(JournalError) {
        var text = text
        let code = text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                sqlite3_bind_text(pointer, textIndex, text.baseAddress ?? Self.empty, Int32(clamping: text.count), nil)
                return bytes.withUnsafeBytes { raw in runPinned(index, raw) }
            }
        }
        try finish(code)
    }

    /// The same for several rows in one statement, each with one text and one blob: `bind` binds the rest of a row's parameters,
    /// which begin at the number it is given, and says where these two go. A nil makes the row's two NULL.
    func run(
        pinning rows: Range<Int>, columns: Int32,
        _ bind: (_ row: Int, _ first: Int32) -> (text: Int32, String, blob: Int32, [UInt8])?
    ) throws(JournalError) {
        try finish(runPinned(rows, first: 1, columns, bind))
    }

    /// One level deeper for each row: the memory of all of them stays where it is until the innermost has run the statement.
    private func runPinned(
        _ rows: Range<Int>, first: Int32, _ columns: Int32,
        _ bind: (_ row: Int, _ first: Int32) -> (text: Int32, String, blob: Int32, [UInt8])?
    ) -> Int32 {
        guard let row = rows.first else { return sqlite3_step(pointer) }
        let rest = rows.dropFirst()
        guard let (textIndex, string, blobIndex, bytes) = bind(row, first) else {
            return runPinned(rest, first: first + columns, columns, bind)
        }
        var text = string
        return text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                bytes.withUnsafeBytes { raw in
                    let bound =
                        sqlite3_bind_text(
                            pointer, textIndex, text.baseAddress ?? Self.empty, Int32(clamping: text.count), nil)
                        | sqlite3_bind_blob64(
                            pointer, blobIndex, raw.baseAddress ?? UnsafeRawPointer(Self.empty), UInt64(raw.count), nil)
                    return bound == SQLITE_OK ? runPinned(rest, first: first + columns, columns, bind) : bound
                }
            }
        }
    }

    private func runPinned(_ index: Int32, _ raw: UnsafeRawBufferPointer) -> Int32 {
        let bound = sqlite3_bind_blob64(
            pointer, index, raw.baseAddress ?? UnsafeRawPointer(Self.empty), UInt64(raw.count), nil)
        return bound == SQLITE_OK ? sqlite3_step(pointer) : bound
    }

    // MARK: Columns

    func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(pointer, column) == SQLITE_NULL
    }

    func int64(_ column: Int32) -> Int64 {
        sqlite3_column_int64(pointer, column)
    }

    func optionalInt64(_ column: Int32) -> Int64? {
        isNull(column) ? nil : int64(column)
    }

    func int(_ column: Int32) -> Int {
        Int(int64(column))
    }

    func ref(_ column: Int32) -> LogRef {
        LogRef(int64(column))
    }

    func time(_ column: Int32) -> Timestamp {
        Timestamp(milliseconds: int64(column))
    }

    func optionalTime(_ column: Int32) -> Timestamp? {
        optionalInt64(column).map { Timestamp(milliseconds: $0) }
    }

    func optionalDouble(_ column: Int32) -> Double? {
        isNull(column) ? nil : sqlite3_column_double(pointer, column)
    }

    /// Empty for NULL; bytes that are not UTF-8 (damage) are replaced.
    func text(_ column: Int32) -> String {
        optionalText(column) ?? ""
    }

    func optionalText(_ column: Int32) -> String? {
        guard let text = sqlite3_column_text(pointer, column) else { return nil }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// A copy: SQLite's memory is good until the next step only.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(pointer, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: byteCount(column)))
    }

    func byteCount(_ column: Int32) -> Int {
        Int(sqlite3_column_bytes(pointer, column))
    }

    func json(_ column: Int32) -> JSONText {
        JSONText(trusted: bytes(column))
    }

    func optionalJSON(_ column: Int32) -> JSONText? {
        isNull(column) ? nil : json(column)
    }

    /// `SQLITE_TRANSIENT`, a macro that Swift does not see.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
    /// A null pointer would mean NULL, not the empty text.
    private static var empty: UnsafePointer<CChar> {
        UnsafeRawPointer(("" as StaticString).utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
