import CLibevent
import Glibc

// The way into the loop from other threads: a bounded queue that is handed over whole. Any thread posts; only the loop's
// thread drains. What moves messages can be inlined: unspecialized, each would cost a look at its type. The eventfd is written
// only when the queue was empty, because a queue that is not empty has a wake-up under way already. It never blocks longer than
// the lock is held, which is a few instructions.

/// A bounded queue into the loop.
public final class Mailbox<Message: Sendable>: Sendable {
    @usableFromInline
    struct State {
        @usableFromInline var queue = ContiguousArray<Message>()
        @usableFromInline var isClosed = false
        @usableFromInline var refused: UInt64 = 0
    }

    /// The most messages that wait at a time.
    public let capacity: Int
    @usableFromInline let state = Locked(State())
    @usableFromInline let wake: WakeDescriptor

    public init(capacity: Int) throws(LoopError) {
        precondition(capacity > 0, "a mailbox holds at least one message")
        self.capacity = capacity
        wake = try WakeDescriptor()
    }

    /// Adds a message. False, and nothing is added, when the mailbox is full or closed. Any thread.
    @discardableResult
    @inlinable
    public func post(_ message: Message) -> Bool {
        let outcome: PostOutcome = state.withLock { state in
            guard !state.isClosed, state.queue.count < capacity else {
                state.refused &+= 1
                return .refused
            }
            state.queue.append(message)
            return state.queue.count == 1 ? .wasEmpty : .added
        }
        if outcome == .wasEmpty { wake.signal() }
        return outcome != .refused
    }

    /// Gives the mailbox to `loop`: `drain` gets all waiting messages at once, each tick in which there are some, after the
    /// callbacks of the poll. Called once, on the loop's thread. The loop keeps the mailbox.
    @inlinable
    public func attach(to loop: EventLoop, drain: @escaping (ContiguousArray<Message>) -> Void) {
        let watch = loop.wakes(on: wake.descriptor)
        var spare = ContiguousArray<Message>()
        loop.add(
            MailboxDrain(watch: watch) { [self] in
                guard var batch = takeAll(leaving: &spare) else { return }
                drain(batch)
                // Two arrays take turns, so that a steady flow allocates nothing; a burst's memory is given back.
                if batch.capacity <= 4_096 {
                    batch.removeAll(keepingCapacity: true)
                    spare = batch
                }
            }
        )
    }

    /// Sleeps until a message waits, at most so many nanoseconds (below a second) and what the kernel's timers take longer, 50 µs as a rule. On
    /// the loop's thread, outside of the drain: for a loop that gives its core away.
    public func wait(atMostNs: Int) {
        wake.forget()
        guard depth == 0 else {
            // What came until now may have been forgotten with the rest, and the loop's poll is to know of it.
            wake.signal()
            return
        }
        wake.wait(atMostNs: atMostNs)
    }

    /// Refuses all further messages; those that wait are still drained. Any thread.
    public func close() {
        state.withLock { $0.isClosed = true }
    }

    /// How many messages wait now. Any thread.
    public var depth: Int {
        state.withLock { $0.queue.count }
    }

    /// How many posts were refused. Any thread.
    public var refusedCount: UInt64 {
        state.withLock { $0.refused }
    }

    /// All waiting messages, or nil when there are none; `spare` becomes the storage of the next ones.
    @inlinable
    func takeAll(leaving spare: inout ContiguousArray<Message>) -> ContiguousArray<Message>? {
        var batch = spare
        let found = state.withLock { state in
            guard !state.queue.isEmpty else { return false }
            swap(&state.queue, &batch)
            return true
        }
        guard found else { return nil }
        spare = []
        return batch
    }
}

@usableFromInline
enum PostOutcome {
    case refused, added, wasEmpty
}

/// A mailbox as the loop sees it: its watch, and the call that empties it.
@usableFromInline
struct MailboxDrain {
    let watch: LoopWatch
    let drain: () -> Void

    @usableFromInline
    init(watch: LoopWatch, drain: @escaping () -> Void) {
        self.watch = watch
        self.drain = drain
    }
}
