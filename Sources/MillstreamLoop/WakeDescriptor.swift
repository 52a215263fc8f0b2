import CLibevent
import Glibc

// The eventfd with which another thread ends the loop's poll. Any thread signals; the loop's thread resets.

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
        // It can only fail when the counter is full, and then the loop is awake already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    @usableFromInline
    func reset() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
