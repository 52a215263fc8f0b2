import Glibc

// A pthread mutex with its condition variable, for threads that wait (lanes, blocked workers). The loop thread never
// waits on one.

/// A lock with a condition to wait for; deadlines are on CLOCK_MONOTONIC.
public final class ConditionLock: @unchecked Sendable {
    // Sendable: both pointers never change after init, and pthread functions may be called on them from every thread.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    public init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The wall clock may be set back while a thread waits.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let status = pthread_mutex_init(mutex, nil) | pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        precondition(status == 0, "pthread_cond_init failed")
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    public func acquire() {
        let status = pthread_mutex_lock(mutex)
        precondition(status == 0, "pthread_mutex_lock failed")
    }

    public func release() {
        let status = pthread_mutex_unlock(mutex)
        precondition(status == 0, "pthread_mutex_unlock failed")
    }

    @inlinable
    public func withLock<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        acquire()
        defer { release() }
        return try body()
    }

    /// Waits for a signal. The caller holds the lock, and checks its predicate again afterwards: wake-ups may be spurious.
    public func wait() {
        pthread_cond_wait(condition, mutex)
    }

    /// Waits for a signal or until `deadline`. Returns false when the deadline came first. The caller holds the lock.
    public func wait(until deadline: MonotonicTime) -> Bool {
        if deadline == .never {
            wait()
            return true
        }
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
            tv_nsec: Int(deadline.nanoseconds % 1_000_000_000)
        )
        return pthread_cond_timedwait(condition, mutex, &time) != ETIMEDOUT
    }

    public func signal() {
        pthread_cond_signal(condition)
    }

    public func broadcast() {
        pthread_cond_broadcast(condition)
    }
}
