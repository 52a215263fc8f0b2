import Glibc
import MillstreamJournal
import MillstreamLoop

// How the start of the lane's thread is awaited, and how its result crosses to the thread that started it.

final class LaneOpening: @unchecked Sendable {
    // Sendable: `result` is touched only with `condition` held.
    private let condition = ConditionLock()
    private var result: Result<[JournalReaderHandover], JournalError>?

    /// On the lane's thread: runs `open` and tells the waiting thread what came of it; `didFail` goes before that.
    func perform(
        _ open: () throws(JournalError) -> (JournalWriter, [JournalReaderHandover]), didFail: () -> Void
    ) -> JournalWriter? {
        do throws(JournalError) {
            let (writer, handovers) = try open()
            settle(.success(handovers))
            return writer
        } catch {
            didFail()
            settle(.failure(error))
            return nil
        }
    }

    func wait() throws(JournalError) -> [JournalReaderHandover] {
        condition.acquire()
        defer { condition.release() }
        while true {
            if let result { return try result.get() }
            condition.wait()
        }
    }

    private func settle(_ outcome: Result<[JournalReaderHandover], JournalError>) {
        condition.withLock {
            result = outcome
            condition.broadcast()
        }
    }
}

/// A store's reading half on its way to the thread that will use it. Taken once.
public final class JournalReaderHandover: @unchecked Sendable {
    // Sendable: the maker keeps no reference to the reader, `take` gives it away once, under the lock.
    private let lock = Lock()
    private var reader: (any JournalReading)?

    public init(_ reader: sending any JournalReading) {
        self.reader = reader
    }

    func take() -> (any JournalReading)? {
        lock.withLock {
            defer { reader = nil }
            return reader
        }
    }
}

extension Timestamp {
    /// The wall clock now.
    static func current() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
