// The registry's lock with what it protects: a pthread mutex, because ThreadSanitizer reports false races for
// Synchronization.Mutex. Held while a series is looked up or made, never while one is counted in.

import Glibc

/// The table of series, reached only with the lock held.
final class LockedTable: @unchecked Sendable {
    // Sendable: `table` is touched only inside `withLock`; the mutex's pointer never changes.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var table: SeriesTable

    init(_ table: SeriesTable) {
        self.table = table
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let status = pthread_mutex_init(mutex, nil)
        precondition(status == 0, "pthread_mutex_init failed")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<Result>(_ body: (inout SeriesTable) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&table)
    }
}
