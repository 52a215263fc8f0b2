// Whether the counters see what they claim to see. Each library is made to do something whose cost is known; a toolchain or a
// linker that takes malloc or a system call from elsewhere is found here, before a table full of zeros is believed.

import CLibevent
import CSQLite
import Glibc
import Measuring

enum CountingCheck {
    struct Blind: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: `Blind`, with the library that is not seen.
    static func run() throws {
        let meter = Meter()
        try check("Swift's runtime", meter, makeArray) {
            $0.allocations == 1 && $0.allocatedBytes >= UInt64(arrayBytes) && $0.frees == 1 && $0.calls.isEmpty
        }
        try check("libevent", meter, copyThroughLibevent) {
            $0.allocations >= 2 && $0.frees == $0.allocations && $0.calls == ["readv": 1, "ioctl": 1, "writev": 1]
                && $0.kernelBytes == 3
        }
        try check("SQLite", meter, writeThroughSQLite) {
            $0.allocations > 20 && $0.frees == $0.allocations && $0.calls["fdatasync", default: 0] >= 1
                && $0.calls["pwrite", default: 0] >= 2 && $0.kernelBytes > 4_096
        }
    }

    private static let arrayBytes = 4_711

    private static func makeArray() {
        blackHole([UInt8](repeating: 1, count: arrayBytes))
    }

    private static func check(
        _ library: String, _ meter: Meter, _ body: () -> Void, _ isSeen: (Counts) -> Bool
    ) throws {
        body()
        meter.reset()
        meter.count(body)
        let counts = meter.read()
        guard !isSeen(counts) else { return }
        throw Blind(description: "the counters do not see what \(library) does: \(counts)")
    }

    /// Three bytes in and out of an evbuffer, over a pipe.
    private static func copyThroughLibevent() {
        let ends = pipeEnds
        let buffer = evbuffer_new()
        evbuffer_add(buffer, "abc", 3)
        evbuffer_write(buffer, ends.output)
        evbuffer_read(buffer, ends.input, 3)
        evbuffer_free(buffer)
    }

    private static let pipeEnds: (input: Int32, output: Int32) = {
        var ends: [Int32] = [0, 0]
        return pipe(&ends) == 0 ? (ends[0], ends[1]) : (-1, -1)
    }()

    private static func writeThroughSQLite() {
        var database: OpaquePointer?
        sqlite3_open(databasePath, &database)
        sqlite3_exec(database, "PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS a (b)", nil, nil, nil)
        sqlite3_exec(database, "INSERT INTO a VALUES (zeroblob(10000))", nil, nil, nil)
        sqlite3_close(database)
    }

    private static let folder = try? TemporaryFolder()
    private static let databasePath = folder?.path("check.sqlite") ?? ""
}
