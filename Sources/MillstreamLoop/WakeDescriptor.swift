import CLibevent
import Glibc

// The eventfd with which another thread ends the loop's poll. Any thread signals. It is read only before a
// wait of its own (``Mailbox/wait(atMostNs:)``): to the loop each signal is news by itself (``EventLoop/wakes(on:)``).

@usableFromInline
final class WakeDescriptor: Sendable {
    @usableFromInline let descriptor: Int32

    init() throws(LoopError) {
        descriptor = millstream_eventfd()
        guard descriptor >= 0 else { throw .outOfResources }
    }

    deinit {
        close(descriptor)
    }

    @usableFromInline
    func signal() {
        var one: UInt64 = 1
        // It could only fail when the counter is full, after 2 to the power of 64 of these.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Makes ``wait(atMostNs:)`` wait for the next signal; the loop's watch has its news all the same.
    func forget() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    func wait(atMostNs: Int) {
        precondition(atMostNs < 1_000_000_000, "a rest, not a wait")
        // An error is a signal of the process: the rest is over.
        _ = millstream_wait_readable(descriptor, atMostNs)
    }
}
