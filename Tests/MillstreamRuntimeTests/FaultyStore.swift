import MillstreamJournal
import MillstreamLoop
import MillstreamTestSupport

// A memory store whose commits and reads fail as the test says.

final class FaultyStore: InterceptedStore {
    private let faults: Faults

    /// What fails, changed by the test from its own thread.
    final class Faults: Sendable {
        let commits = Locked(0)
        let isClosed = Locked(false)
        /// Asked before each read by the lane.
        let reading = Locked<@Sendable () -> JournalError?>({ nil })
        /// Of `maintain`.
        let maintenance = Locked<JournalError?>(nil)
        /// Called by `maintain`, with what it was told.
        let maintained = Locked<@Sendable (_ isIdle: Bool) -> Void>({ _ in })
        /// In place of making room.
        let room = Locked<@Sendable () -> Void>({})
        private let rule = Locked<@Sendable (_ number: Int, [JournalMutation]) -> JournalError?>({ _, _ in nil })

        init(_ rule: @escaping @Sendable (_ number: Int, [JournalMutation]) -> JournalError? = { _, _ in nil }) {
            set(rule)
        }

        /// `number` counts commits from 1.
        func set(_ new: @escaping @Sendable (_ number: Int, [JournalMutation]) -> JournalError?) {
            rule.withLock { $0 = new }
        }

        func check(_ batch: [JournalMutation]) throws(JournalError) {
            let number = commits.withLock { commits in
                commits += 1
                return commits
            }
            if let error = rule.withLock({ $0 })(number, batch) { throw error }
        }
    }

    init(_ faults: Faults) {
        self.faults = faults
        super.init()
    }

    override func willRead() throws(JournalError) {
        if let error = faults.reading.withLock({ $0 })() { throw error }
    }

    override func commit(_ batch: [JournalMutation]) throws(JournalError) {
        try faults.check(batch)
        try super.commit(batch)
    }

    override func makeRoom() { faults.room.withLock { $0 }() }

    override func maintain(isIdle: Bool) throws(JournalError) -> Bool {
        faults.maintained.withLock { $0 }(isIdle)
        if let error = faults.maintenance.withLock({ $0 }) { throw error }
        return try super.maintain(isIdle: isIdle)
    }

    override func close() {
        faults.isClosed.withLock { $0 = true }
        super.close()
    }
}
