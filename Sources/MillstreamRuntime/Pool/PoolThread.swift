import CMillstreamSpawn
import Dispatch
import MillstreamLoop

// The threads of the worker pool, which are Dispatch's: a serial queue without a target of its own gets one at once and keeps it for
// as long as its block runs. A worker's block takes one piece of work after the other from its line instead of coming back to the queue
// for each, so that a burst of sleepers that wake together is one wake-up for each thread and not one for each sleeper.

enum PoolThread {
    /// Runs `body` on a thread that yields to the loop and the journal. Dispatch has the thread back when `body` returns; it stays ten
    /// nice steps down (the way back up needs a privilege).
    ///
    /// Waits until the system gives Dispatch a thread: for the start, and for threads that nobody needs to get on.
    ///
    /// - Parameter name: at most 15 bytes, as the kernel shows it.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "millstream.\(name)").async {
            millstream_name_thread(name)
            OwnThread.forgoSignals()
            ThreadTurns.yielding.adopt()
            body()
        }
    }
}
