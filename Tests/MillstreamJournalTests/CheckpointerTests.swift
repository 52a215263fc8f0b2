// The write-ahead log under a load that never pauses: moved beside the commits, begun anew, and a fault of it no commit's.

import Glibc
import MillstreamJournal
import Testing

@testable import MillstreamJournalSQLite

@Suite struct CheckpointerTests {
    private func event(_ sequence: Int64) -> JournalMutation {
        .append(LogRef(1), makeEvent(sequence, data: "\"" + String(repeating: "x", count: 9000) + "\""), nil)
    }

    private func waitingBytes(_ store: SQLiteStore) -> Int { store.connection.walPages * Connection.frameBytes }

    /// Commits until the checkpointer was asked; returns the last event's number.
    private func fill(_ store: SQLiteStore) throws -> Int64 {
        var last: Int64 = 0
        while !store.logMover.checkpointer.isBusy, waitingBytes(store) < 20 << 20, store.connection.log.movedPages == 0
        {
            last += 1
            try store.commit([event(last)])
        }
        return last
    }

    @Test func theLogIsMovedBesideTheCommitsAndBegunAnew() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var last = try fill(store)
            #expect(waitingBytes(store) < 17 << 20)
            store.logMover.finish()
            #expect(waitingBytes(store) == 0)
            last += 1
            try store.commit([event(last)])
            #expect(store.connection.log.pages < 40)
            #expect(try store.allEvents(1).count == Int(last))
            store.close()
        }
    }

    @Test func whatCameMeanwhileIsMovedByTheWriter() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var last = try fill(store)
            store.logMover.checkpointer.finish()
            for _ in 0..<3 {
                last += 1
                try store.commit([event(last)])
            }
            #expect(store.connection.log.pages < 40, "the commit after the answer moved the rest")
            #expect(try store.allEvents(1).count == Int(last))
            store.close()
            #expect(try SQLiteReader(path: directory.journal).allEvents(1).count == Int(last))
        }
    }

    /// Too little for a round beside commits is moved when there is time: later the disk may be full.
    @Test func aLogAtRestIsMovedEarlier() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal, synchronous: .off)
            var last: Int64 = 1
            try store.commit([event(last)])
            while waitingBytes(store) < LogBound.idleBytes {
                last += 1
                try store.commit([event(last)])
            }
            #expect(!store.logMover.checkpointer.isBusy)
            #expect(store.connection.log.movedPages == 0)
            try store.logMover.lookAfter(isIdle: false)
            #expect(!store.logMover.checkpointer.isBusy, "under a load it waits for more")
            try store.logMover.lookAfter(isIdle: true)
            store.logMover.finish()
            #expect(waitingBytes(store) == 0)
            store.close()
        }
    }

    @Test func aFaultIsKeptUntilACheckpointSucceeds() throws {
        try TemporaryDirectory.with { directory in
            let checkpointer = Checkpointer(path: directory.journal, synchronous: .full)
            checkpointer.move(restarts: 0)
            checkpointer.finish()
            #expect(checkpointer.fault != nil)
            #expect(checkpointer.takeProgress() == nil)
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([event(1)])
            checkpointer.move(restarts: 7)
            checkpointer.finish()
            #expect(checkpointer.fault == nil)
            let progress = try #require(checkpointer.takeProgress())
            #expect(progress.restarts == 7)
            // As far as readers let it: the store's own checkpointer may still read as it begins. Whoever asks again gets the rest.
            var movedPages = progress.movedPages
            for _ in 1...10_000 where movedPages < store.connection.log.pages {
                sched_yield()
                checkpointer.move(restarts: 7)
                checkpointer.finish()
                if let progress = checkpointer.takeProgress() { movedPages = progress.movedPages }
            }
            #expect(movedPages == store.connection.log.pages)
            checkpointer.stop()
            store.close()
        }
    }

    /// What would let a commit begin the log anew under a round that has nothing to move, which older SQLite pays with lost commits.
    @Test func noRoundBeginsBeforeTheLastOnesAnswerWasTaken() throws {
        try TemporaryDirectory.with { directory in
            let store = try SQLiteStore(path: directory.journal)
            try store.commit([event(1)])
            let checkpointer = store.logMover.checkpointer
            #expect(checkpointer.move(restarts: store.connection.log.restarts))
            checkpointer.finish()
            #expect(!checkpointer.move(restarts: store.connection.log.restarts))
            // The next commit takes it, and finds that all was moved.
            try store.commit([event(2)])
            #expect(store.connection.walPages == store.connection.log.pages)
            try store.logMover.lookAfter(isIdle: true)
            #expect(!checkpointer.isBusy, "too little waits")
            store.logMover.finish()
            #expect(checkpointer.move(restarts: store.connection.log.restarts))
            checkpointer.finish()
            try store.logMover.lookAfter(isIdle: true)
            #expect(store.connection.walPages == 0)
            try store.logMover.lookAfter(isIdle: true)
            #expect(!checkpointer.isBusy, "there is nothing to move")
            store.close()
            #expect(try SQLiteReader(path: directory.journal).allEvents(1).count == 2)
        }
    }

    @Test func aStoreThatIsDroppedEndsItsCheckpointer() throws {
        try TemporaryDirectory.with { directory in
            var store: SQLiteStore? = try SQLiteStore(path: directory.journal)
            try store?.commit([event(1)])
            store = nil
            let again = try SQLiteStore(path: directory.journal)
            #expect(!again.wasClean)
            #expect(try again.allEvents(1).count == 1)
            again.close()
        }
    }
}
