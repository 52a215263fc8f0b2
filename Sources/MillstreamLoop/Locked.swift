// A value that several threads use, with the lock that protects it.

/// A value that is reached only with its lock held.
public final class Locked<Value>: @unchecked Sendable {
    // Sendable: `value` is touched only inside `withLock`, and the closure cannot keep an inout reference to it.
    @usableFromInline let lock = Lock()
    @usableFromInline var value: Value

    public init(_ value: sending Value) {
        self.value = value
    }

    /// Runs `body` with the lock held. Keep it short: the loop thread may be waiting.
    @inlinable
    public func withLock<Result>(_ body: (inout Value) -> sending Result) -> sending Result {
        lock.acquire()
        defer { lock.release() }
        return body(&value)
    }
}
