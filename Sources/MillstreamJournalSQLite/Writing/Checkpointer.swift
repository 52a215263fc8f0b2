// Moves the write-ahead log into the database file beside the journal's thread: a thread and a connection of its own. The writer
// says when, never waits, and hears how far it came with a later commit. Never begins the log anew (that is the writer's next
// commit, when all is moved), and yields to everything else: on one core a checkpoint must not stand before a commit.

import CSQLite
import Dispatch
import Glibc
import MillstreamJournal

final class Checkpointer {
    /// How far a checkpoint came.
    struct Progress: Sendable {
        /// `LogExtent.restarts` of the writer when it asked: pages of an earlier log say nothing about the present one.
        var restarts: Int
        var movedPages: Int
    }

    private struct State: Sendable {
        var request: Int?
        var isAtWork = false
        var progress: Progress?
        var fault: JournalError?
        var isStopping = false
    }

    /// What both threads see; outlives the one that goes first.
    private final class Desk: Sendable {
        let state = LockedBox(State())
        let wakeUp = DispatchSemaphore(value: 0)
        let didRest = DispatchSemaphore(value: 0)
    }

    private let desk = Desk()
    private var thread: pthread_t?

    /// - Parameters:
    ///   - path: of the database, which the writer has open.
    ///   - synchronous: the writer's.
    init(path: String, synchronous: Synchronous) {
        thread = Self.start(Body(desk: desk, path: path, synchronous: synchronous))
    }

    deinit {
        stop()
    }

    // MARK: The writer's side

    /// Asks for a checkpoint of a log that has pages to move. Refused while it is at one, and until the answer of the last was taken.
    ///
    /// This is what keeps commits: SQLite before 3.51.3 (3.50.7, 3.44.6) loses them when a commit begins the log anew while a checkpoint
    /// of another connection has read its header and has nothing to move (sqlite.org/wal.html, "the WAL-reset bug"). So a round must
    /// begin with pages to move, and nobody else may move any before its answer was taken: then the log is whole until the round
    /// itself has moved it, which is the last that it does.
    @discardableResult
    func move(restarts: Int) -> Bool {
        let isNew = desk.state.withLock { state in
            guard !state.isStopping, state.request == nil, !state.isAtWork, state.progress == nil else { return false }
            state.request = restarts
            return true
        }
        if isNew { desk.wakeUp.signal() }
        return isNew
    }

    /// Whether it was asked and has not answered.
    var isBusy: Bool { desk.state.withLock { $0.request != nil || $0.isAtWork } }

    /// How far the last checkpoint came, once.
    func takeProgress() -> Progress? {
        desk.state.withLock { state in
            defer { state.progress = nil }
            return state.progress
        }
    }

    /// Of the last checkpoint; nil after one that succeeded.
    var fault: JournalError? { desk.state.withLock { $0.fault } }

    /// Ends the thread, waiting for the checkpoint that it is at. Does nothing the second time.
    func stop() {
        guard let thread else { return }
        desk.state.withLock { $0.isStopping = true }
        desk.wakeUp.signal()
        pthread_join(thread, nil)
        self.thread = nil
    }

    /// Waits until it has done what it was asked.
    func finish() {
        while isBusy { desk.didRest.wait() }
    }

    // MARK: Its thread

    private final class Body {
        private let desk: Desk
        private let path: String
        private let synchronous: Synchronous
        private var connection: Connection?

        init(desk: Desk, path: String, synchronous: Synchronous) {
            self.desk = desk
            self.path = path
            self.synchronous = synchronous
        }

        func run() {
            // Now, while there are descriptors; a later round tries again.
            connection = try? opened()
            while let restarts = next() {
                var progress: Progress?
                var fault: JournalError?
                do throws(JournalError) {
                    progress = try checkpoint(restarts)
                } catch {
                    fault = error
                }
                desk.state.withLock { state in
                    state.isAtWork = false
                    state.fault = fault
                    if let progress { state.progress = progress }
                }
                desk.didRest.signal()
            }
            connection?.close()
        }

        private func next() -> Int? {
            while true {
                desk.wakeUp.wait()
                let (request, isStopping) = desk.state.withLock { state in
                    defer { state.request = nil }
                    state.isAtWork = state.request != nil
                    return (state.request, state.isStopping)
                }
                if isStopping { return nil }
                if let request { return request }
            }
        }

        /// Nil when the writer was at a checkpoint of its own.
        private func checkpoint(_ restarts: Int) throws(JournalError) -> Progress? {
            let connection: Connection
            if let open = self.connection { connection = open } else { connection = try opened() }
            self.connection = connection
            guard try connection.checkpoint(.passive) else { return nil }
            return Progress(restarts: restarts, movedPages: connection.log.movedPages)
        }

        private func opened() throws(JournalError) -> Connection {
            let connection = try Connection(path: path, access: .write)
            try connection.execute("PRAGMA cache_size = -64")
            try connection.execute("PRAGMA synchronous = \(synchronous.rawValue)")
            // SQLite looks for a log with the first reading only.
            _ = try connection.number("PRAGMA user_version")
            return connection
        }
    }

    private static func start(_ body: Body) -> pthread_t? {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                Checkpointer.yieldToOthers()
                body.run()
                return nil
            }, Unmanaged.passRetained(body).toOpaque())
        precondition(status == 0, "no thread for checkpoints: \(status)")
        return thread
    }

    /// The calling thread takes what others leave of the cores, has a name, and no signals.
    private static func yieldToOthers() {
        millstream_sqlite_name_thread("checkpointer")
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var parameters = sched_param()
        pthread_setschedparam(pthread_self(), batchPolicy, &parameters)
        // For Linux a thread is what "process 0" is here. A system that refuses has a checkpointer in its usual place.
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        setpriority(process, 0, min(19, getpriority(process, UInt32(getpid())) + 10))
    }

    /// SCHED_BATCH, which the headers show to GNU programs only.
    private static let batchPolicy: Int32 = 3
}
