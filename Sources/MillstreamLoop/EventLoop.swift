import CLibevent
import Glibc

// The one loop of the process: it owns the event_base and the order of things in a tick. It is created, run and released
// on one thread and never leaves it; other threads reach it only through a Mailbox. A tick is
//   poll → callbacks → mailbox drains → tick-end callbacks
// so that everything that became known in a tick leaves in one flush at its end. The base has no locks: no other thread
// ever touches it, wake-ups come through an eventfd. It has no epoll change list either: streams take their descriptors
// out of libevent, and a deferred epoll_ctl would hit the wrong file (see Graduation in MillstreamHTTP).

/// A libevent loop on one thread. Loop-confined: not Sendable, every method is called on the loop's thread.
public final class EventLoop {
    /// The order of the callbacks at the end of a tick.
    public enum TickEnd: Sendable {
        /// Fan-out and flushes: what this tick made known is handed to the sockets.
        case flush
        /// After all flushes: what nobody flushed by then is sent now.
        case settle
        /// The tick is over, nothing is held back: the thread may sleep for a moment. Its time is not the tick's.
        case rest
    }

    /// Plain counters of the loop, for metrics.
    public struct Stats: Sendable {
        public var tickCount: UInt64 = 0
        /// Nanoseconds from the first callback of a tick to its end, summed over all ticks.
        public var busyNanoseconds: UInt64 = 0
        public var lastTickNanoseconds: UInt64 = 0
        /// Since `takeMaxTick` was last called.
        public var maxTickNanoseconds: UInt64 = 0
    }

    /// libevent's base, owned by the loop.
    public let base: OpaquePointer
    public private(set) var stats = Stats()

    /// Looked at in every call: its exclusive access is not checked at run time.
    @exclusivity(unchecked) private var thread = ThreadCheck()
    private var isStopping = false
    private var hasMoreToDo = false
    private var cachedNow: MonotonicTime?
    private var mailboxes: [MailboxDrain] = []
    private var flushes: [() -> Void] = []
    private var settles: [() -> Void] = []
    private var rests: [() -> Void] = []

    /// Fails only when the system has no descriptor or memory left for an epoll.
    public init() throws(LoopError) {
        FatalLog.install()
        guard let configuration = event_config_new() else { throw .outOfResources }
        defer { event_config_free(configuration) }
        event_config_avoid_method(configuration, "select")
        event_config_avoid_method(configuration, "poll")
        event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
        guard let base = event_base_new_with_config(configuration) else { throw .outOfResources }
        self.base = base
    }

    deinit {
        event_base_free(base)
    }

    /// The time of this tick: read at its first use in a tick, then constant until the next poll.
    public var now: MonotonicTime {
        if let cachedNow { return cachedNow }
        let time = MonotonicTime.current()
        cachedNow = time
        return time
    }

    /// Traps when called on another thread. Cheap enough (a few nanoseconds) to stay in release builds.
    @inline(__always)
    public func assertOnLoop() {
        precondition(thread.isOnOwner, "called off the loop's thread")
    }

    /// Runs until `stop` is called in a callback. The calling thread becomes the loop's thread; SIGPIPE is blocked on it,
    /// because libevent writes with writev.
    public func run() {
        thread.adoptCurrentThread()
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        isStopping = false
        while !isStopping {
            tick()
        }
    }

    /// One tick; waits until there is something to do.
    public func tick() {
        cachedNow = nil
        let waiting = hasMoreToDo ? EVLOOP_NONBLOCK : 0
        hasMoreToDo = false
        event_base_loop(base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | waiting)
        let started = now
        for mailbox in mailboxes {
            mailbox.drain()
        }
        for flush in flushes {
            flush()
        }
        for settle in settles {
            settle()
        }
        record(tickNanoseconds: MonotonicTime.current().nanoseconds &- started.nanoseconds)
        for rest in rests {
            rest()
        }
    }

    /// The next tick does not wait for anything: this one left work behind, so that what came meanwhile is looked at first.
    public func tickAgain() {
        assertOnLoop()
        hasMoreToDo = true
    }

    /// Ends `run` after the present tick. For the loop's thread; others post a message to a mailbox.
    public func stop() {
        assertOnLoop()
        isStopping = true
    }

    /// Registers a callback for the end of every tick, for the rest of the loop's life.
    public func atTickEnd(_ order: TickEnd = .flush, _ body: @escaping () -> Void) {
        assertOnLoop()
        switch order {
        case .flush: flushes.append(body)
        case .settle: settles.append(body)
        case .rest: rests.append(body)
        }
    }

    /// A timer; it lives as long as the returned object is kept and not cancelled. Resolution is that of libevent on epoll,
    /// a few milliseconds.
    public func schedule(afterMs delayMs: Int, repeating: Bool = false, _ body: @escaping () -> Void) -> LoopTimer {
        assertOnLoop()
        return LoopTimer(base: base, delayMs: delayMs, repeating: repeating, body: body)
    }

    /// Calls `body` on the loop's thread when the process receives `signalNumber`, as long as the watch is kept.
    public func onSignal(_ signalNumber: Int32, _ body: @escaping () -> Void) -> LoopWatch {
        assertOnLoop()
        return LoopWatch(base: base, signal: signalNumber, body: body)
    }

    /// Calls `body` each tick in which `descriptor` has something to read, as long as the watch is kept. The descriptor
    /// stays the caller's and must outlive the watch.
    public func onReadable(_ descriptor: Int32, _ body: @escaping () -> Void) -> LoopWatch {
        assertOnLoop()
        return LoopWatch(base: base, readable: descriptor, body: body)
    }

    /// Has a poll end each time that somebody writes to the eventfd, as long as the watch is kept. It need not be read for
    /// that: each write is told of by itself, and the counter has room for more of them than will ever be. Reading it, as
    /// ``Mailbox/wait(atMostNs:)`` does, takes nothing from the watch.
    @usableFromInline
    func wakes(on eventfd: Int32) -> LoopWatch {
        assertOnLoop()
        return LoopWatch(base: base, readable: eventfd, isEdge: true) {}
    }

    /// A call that can be requested from within a callback and runs after it, once, in the same tick (or at once in the
    /// next one when it is requested at the end of a tick).
    public func deferred(_ body: @escaping () -> Void) -> DeferredCall {
        assertOnLoop()
        return DeferredCall(base: base, body: body)
    }

    /// How many cores the calling thread may run on; 0 when the system does not say. One: whatever the loop does, all other threads of
    /// the process wait meanwhile.
    public static var allowedCores: Int { Int(millstream_allowed_cores()) }

    /// The longest tick since this was last called.
    public func takeMaxTick() -> UInt64 {
        defer { stats.maxTickNanoseconds = 0 }
        return stats.maxTickNanoseconds
    }

    @usableFromInline
    func add(_ mailbox: MailboxDrain) {
        assertOnLoop()
        mailboxes.append(mailbox)
    }

    private func record(tickNanoseconds: UInt64) {
        stats.tickCount &+= 1
        stats.busyNanoseconds &+= tickNanoseconds
        stats.lastTickNanoseconds = tickNanoseconds
        if tickNanoseconds > stats.maxTickNanoseconds { stats.maxTickNanoseconds = tickNanoseconds }
    }
}
