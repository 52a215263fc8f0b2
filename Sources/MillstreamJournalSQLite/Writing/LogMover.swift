// Has the write-ahead log moved in time, for the writer, on its thread. The situations after a commit:
//
//   little waits                  nothing
//   start reached                 the checkpointer is asked; commits go on meanwhile
//   it answers, little is left    the writer moves the rest (some 60 pages): under a load that never pauses nobody else could, and
//                                 only a log that is moved to its last page is begun anew
//   it answers, much is left      it is asked again: its next round is shorter. After a round that moved nothing (a reader stands
//                                 in the log) only once more has come
//   end reached                   the writer waits for the round that is under way, and moves the rest itself: commits come faster
//                                 than the disk takes them

import MillstreamJournal

final class LogMover {
    private let connection: Connection
    let checkpointer: Checkpointer
    private var bound: LogBound
    /// What waits when the disk is looked at again, and when something is done.
    private var lookAt = LogBound.restBytes
    private var lastBytes = 0

    init(_ connection: Connection, synchronous: Synchronous) {
        self.connection = connection
        checkpointer = Checkpointer(path: connection.path, synchronous: synchronous)
        bound = LogBound(path: connection.path)
    }

    private var waitingBytes: Int { connection.walPages * Connection.frameBytes }

    func didCommit() {
        takeAnswer()
        let waiting = waitingBytes
        if waiting < lastBytes { lookAt = LogBound.restBytes }
        lastBytes = waiting
        guard waiting >= lookAt else { return }
        lookAt = waiting + LogBound.restBytes
        bound = LogBound(path: connection.path)
        // What was moved counts, too: it is only left behind when all is.
        if waiting >= bound.endBytes || connection.log.pages * Connection.frameBytes >= LogBound.maxLogBytes {
            finish()
            moveHere()
        } else if waiting >= bound.startBytes {
            checkpointer.move(restarts: connection.log.restarts)
        }
    }

    /// The checkpointer's answer, if there is one. From then on until it is asked again the log may be moved here.
    private func takeAnswer() {
        guard let progress = checkpointer.takeProgress(), progress.restarts == connection.log.restarts else { return }
        let before = connection.log.movedPages
        connection.noteMoved(pages: progress.movedPages)
        guard connection.log.movedPages > before else { return }
        if waitingBytes > LogBound.restBytes {
            checkpointer.move(restarts: progress.restarts)
        } else if waitingBytes > 0 {
            moveHere()
        }
    }

    /// The batch is stored, whatever becomes of this; a fault of it comes again in `lookAfter`. Only while the checkpointer rests and its
    /// answer was taken: see `Checkpointer.move`.
    private func moveHere() {
        _ = try? connection.checkpoint(.passive)
    }

    /// Now and then: the disk may have less room than at the last commit. Less is left to wait when the lane has time; under a load it
    /// would only be moved more often, and each round keeps commits waiting. Throws the fault that the checkpointer ended with, and
    /// has it try again.
    func lookAfter(isIdle: Bool) throws(JournalError) {
        takeAnswer()
        guard connection.walPages > 0 else { return }
        bound = LogBound(path: connection.path)
        // Each fault is told once: not again while it is tried anew.
        let fault = checkpointer.isBusy ? nil : checkpointer.fault
        let start = isIdle ? min(bound.startBytes, LogBound.idleBytes) : bound.startBytes
        if fault != nil || waitingBytes >= start {
            checkpointer.move(restarts: connection.log.restarts)
        }
        if let fault { throw fault }
    }

    /// A log that is in the database file is used anew from its start, and so takes a batch on a disk that has no room left. The
    /// zeros behind it may be what the database file lacks. True when all of it was moved.
    func moveOnFullDisk() -> Bool {
        guard connection.walPages > 0 else { return false }
        finish()
        moveHere()
        if connection.walPages > 0 {
            connection.giveBackReserve()
            moveHere()
        }
        return connection.walPages == 0
    }

    /// Ends the checkpointer, before the writer's last checkpoint; it may be at one that cannot be interrupted.
    func stop() {
        checkpointer.stop()
    }

    /// Waits for the checkpointer to rest, and takes its answer.
    func finish() {
        checkpointer.finish()
        if let progress = checkpointer.takeProgress(), progress.restarts == connection.log.restarts {
            connection.noteMoved(pages: progress.movedPages)
        }
    }
}
