import CLibevent
import Glibc

// The eventfd with which another thread ends the loop's poll. Any thread signals; nobody reads it (``EventLoop/wakes(on:)``).

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
}
