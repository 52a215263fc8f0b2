import MillstreamLoop
import Testing

@testable import MillstreamHTTP

@Suite struct DeadlineTableTests {
    private func at(_ nanoseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test func deadlineExpiresOnceAtItsTime() {
        var table = DeadlineTable()
        table.set(3, at(10))
        table.set(0, at(20))
        #expect(table.takeExpired(at: at(9)) == [])
        #expect(table.takeExpired(at: at(10)) == [3])
        #expect(table.takeExpired(at: at(19)) == [])
        #expect(table.takeExpired(at: at(30)) == [0])
        #expect(table.takeExpired(at: at(40)) == [])
    }

    @Test func clearedDeadlineNeverExpires() {
        var table = DeadlineTable()
        table.set(1, at(10))
        table.clear(1)
        table.clear(7)
        #expect(table.takeExpired(at: at(100)) == [])
    }
}
