import Glibc

// A pthread mutex in a box. It is used where two threads meet (mailboxes, lanes) and held for a few instructions, never
// across work. Synchronization.Mutex would do the same, but ThreadSanitizer cannot see through it and reports races that
// are none.

/// A mutual exclusion lock for any thread. Not recursive.
public final class Lock: @unchecked Sendable {
    // Sendable: the pointer never changes after init, and pthread functions may be called on it from every thread.
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>

    public init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    @inlinable
    public func withLock<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        acquire()
        defer { release() }
        return try body()
    }

    public func acquire() {
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock failed")
    }

    public func release() {
        let status = pthread_mutex_unlock(mutex)
        precondition(status == 0, "pthread_mutex_unlock failed")
    }
}
