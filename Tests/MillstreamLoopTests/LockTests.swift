import MillstreamLoop
import Testing

@Suite struct LockTests {
    @Test func lockedValueIsChangedInPlace() {
        let counter = Locked(0)
        counter.withLock { $0 += 1 }
        #expect(counter.withLock { $0 } == 1)
    }

    @Test func waitReturnsFalseAtItsDeadline() {
        let lock = ConditionLock()
        lock.withLock {
            #expect(!lock.wait(until: MonotonicTime.current().advanced(byMs: 5)))
        }
    }
}
