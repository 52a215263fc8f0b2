import MillstreamJSON
import MillstreamJournal
import MillstreamLoop

// Messages to a running job, in order, from the lane to the handler that awaits them. One consumer.

/// What `POST /v1/jobs/{id}/input` brought, oldest first; messages from before this attempt come first. Ends when the job is told
/// to stop. For one consumer at a time.
public struct JobMessages: AsyncSequence, Sendable {
    public typealias Element = MessageRecord
    let box: MessageBox

    public struct AsyncIterator: AsyncIteratorProtocol {
        let box: MessageBox

        public mutating func next() async -> MessageRecord? {
            await box.next()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(box: box)
    }
}

/// Bounded by bytes: what a handler does not take piles up here.
final class MessageBox: @unchecked Sendable {
    // Sendable: everything below is touched only with `lock` held.
    private let lock: Lock
    private let maxBytes: Int
    private var pending = FIFO<MessageRecord>()
    private var pendingBytes = 0
    private var consumer: Consumer?
    private var lastNumber: UInt64 = 0
    private var isClosed: Bool

    /// - Parameter lock: may be shared with others that hold it for a moment.
    init(maxBytes: Int, lock: Lock, isClosed: Bool) {
        self.maxBytes = maxBytes
        self.lock = lock
        self.isClosed = isClosed
    }

    /// False when more waits than the bound allows; the message is not kept then.
    func add(_ message: MessageRecord) -> Bool {
        var waiting: Consumer?
        let isKept = lock.withLock {
            guard !isClosed else { return true }
            waiting = consumer
            consumer = nil
            if waiting != nil { return true }
            guard pending.isEmpty || pendingBytes + message.body.bytes.count <= maxBytes else { return false }
            pendingBytes += message.body.bytes.count
            pending.append(message)
            return true
        }
        waiting?.continuation.resume(returning: message)
        return isKept
    }

    func close() {
        let waiting = lock.withLock {
            isClosed = true
            defer { consumer = nil }
            return consumer
        }
        waiting?.continuation.resume(returning: nil)
    }

    func next() async -> MessageRecord? {
        let number = lock.withLock {
            lastNumber += 1
            return lastNumber
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (ready, replaced) = take(or: Consumer(number: number, continuation: continuation))
                replaced?.continuation.resume(returning: nil)
                if let ready { continuation.resume(returning: ready.message) }
            }
        } onCancel: {
            // Only this wait ends: a handler may wait again, after a pause that it raced against its messages.
            give(up: number)
        }
    }

    private struct Consumer {
        let number: UInt64
        let continuation: CheckedContinuation<MessageRecord?, Never>
    }

    private struct Ready {
        var message: MessageRecord?
    }

    /// A message (or the end) at once, else the consumer is kept. A second consumer replaces the first.
    private func take(or waiting: Consumer) -> (Ready?, Consumer?) {
        lock.withLock {
            if let message = pending.popFirst() {
                pendingBytes -= message.body.bytes.count
                return (Ready(message: message), nil)
            }
            if isClosed || Task.isCancelled { return (Ready(message: nil), nil) }
            defer { consumer = waiting }
            return (nil, consumer)
        }
    }

    private func give(up number: UInt64) {
        let waiting: Consumer? = lock.withLock {
            guard consumer?.number == number else { return nil }
            defer { consumer = nil }
            return consumer
        }
        waiting?.continuation.resume(returning: nil)
    }
}
