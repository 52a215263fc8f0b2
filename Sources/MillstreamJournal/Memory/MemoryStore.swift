// The store that lasts as long as the process: for tests, and for servers whose jobs need not outlive them. The writer is the
// journal lane; the state lies behind a lock because readers live on other threads.

/// A store in memory, bounded. Nothing is durable; all else is as with the other stores.
public final class MemoryStore: MemoryReader, JournalStore {
    /// - Parameter maxBytes: of payloads and rows together, as the store counts them (each row has a flat sum for the structures
    ///   around it). A batch that would go beyond is refused with `.full`.
    public init(maxBytes: Int) {
        super.init(LockedBox(MemoryState(maxBytes: maxBytes)))
    }

    public var highestRef: LogRef {
        get throws(JournalError) { try read { $0.highestRef } }
    }

    public var highestQueueOrder: Int64 {
        get throws(JournalError) { try read { $0.highestQueueOrder } }
    }

    public func commit(_ batch: [JournalMutation]) throws(JournalError) {
        try box.withLock { state throws(JournalError) in
            guard !state.isClosed else { throw JournalError(.closed, "the memory store is closed") }
            try state.commit(batch)
        }
    }

    public func makeReader() throws(JournalError) -> sending any JournalReading {
        try read { _ in }
        return MemoryReader(box)
    }

    /// Nothing is left to do: rows go with the batch that removes them.
    public func maintain(isIdle: Bool) throws(JournalError) -> Bool {
        try read { _ in false }
    }

    /// Readers throw `.closed` from now on, too.
    public func close() {
        box.withLock { $0.isClosed = true }
    }
}
