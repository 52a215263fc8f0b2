import CMillstreamSpawn
import Glibc
import MillstreamLoop

// Tells when pipes and processes of programs are ready: one thread that waits for all of them and only passes the word on, each
// to the thread of its program. Not Dispatch's own sources: when the other end of a pipe is closed, libdispatch on Linux
// unregisters the source on the queue's thread while its manager thread still walks the same record, and crashes now and then
// (seen with Swift 6.3.1, a few hundred short programs at a time).

final class DescriptorPoller: @unchecked Sendable {
    // Sendable: the descriptors never change after init, the watches are touched only with `lock` held.
    private let pollFD: Int32
    private let stopFD: Int32
    private let lock = Lock()
    private var watches: [UInt64: DescriptorWatch] = [:]
    private var lastTag: UInt64 = 0
    private static let stopTag: UInt64 = 0

    /// Starts the thread; it holds the poller until `close`.
    init() {
        pollFD = millstream_poll_create()
        stopFD = millstream_signal_create()
        precondition(pollFD >= 0 && stopFD >= 0, "no descriptor for the programs' poller")
        _ = millstream_poll_arm(pollFD, stopFD, Int32(MILLSTREAM_POLL_READ), Self.stopTag, 1)
        LaneThread(name: "programs") { [self] in run() }.detach()
    }

    deinit {
        // Not before the last watch is gone: the number would be another file's, and be armed on.
        Glibc.close(pollFD)
        Glibc.close(stopFD)
    }

    /// A watch that is not armed yet. `isReady` runs on `queue`, once per `arm`.
    func watch(
        _ fd: Int32, _ interest: DescriptorWatch.Interest, on queue: SerialThread, isReady: @escaping () -> Void
    ) -> DescriptorWatch {
        lock.withLock {
            lastTag += 1
            let watch = DescriptorWatch(self, lastTag, fd, interest, queue, isReady)
            watches[lastTag] = watch
            return watch
        }
    }

    /// Ends the thread. Watches stay silent from then on.
    func close() {
        millstream_signal(stopFD)
    }

    fileprivate func arm(_ watch: DescriptorWatch, isFirst: Bool) {
        let status = millstream_poll_arm(pollFD, watch.fd, watch.interest.number, watch.tag, isFirst ? 1 : 0)
        // Without memory for it in the kernel: then it is looked at by and by.
        if status != 0 { watch.announce(afterMs: 50) }
    }

    fileprivate func remove(_ watch: DescriptorWatch) {
        millstream_poll_remove(pollFD, watch.fd)
        lock.withLock { watches[watch.tag] = nil }
    }

    private func run() {
        var tags = [UInt64](repeating: 0, count: 64)
        while true {
            let count = Int(millstream_poll_wait(pollFD, &tags, Int32(tags.count)))
            for tag in tags.prefix(max(0, count)) {
                if tag == Self.stopTag { return }
                // A tag that is not there any more belongs to a watch that ended meanwhile.
                lock.withLock { watches[tag] }?.announce()
            }
        }
    }
}

/// One descriptor, watched for one queue.
final class DescriptorWatch: @unchecked Sendable {
    // Sendable: `isReady`, `isArmedOnce` and `isCancelled` are used on `queue` alone, the rest never changes.
    enum Interest {
        case read, write

        fileprivate var number: Int32 {
            self == .read ? Int32(MILLSTREAM_POLL_READ) : Int32(MILLSTREAM_POLL_WRITE)
        }
    }

    fileprivate let tag: UInt64
    fileprivate let fd: Int32
    fileprivate let interest: Interest
    private let poller: DescriptorPoller
    private let queue: SerialThread
    private var isReady: (() -> Void)?
    private var isArmedOnce = false

    fileprivate init(
        _ poller: DescriptorPoller, _ tag: UInt64, _ fd: Int32, _ interest: Interest, _ queue: SerialThread,
        _ isReady: @escaping () -> Void
    ) {
        self.poller = poller
        self.tag = tag
        self.fd = fd
        self.interest = interest
        self.queue = queue
        self.isReady = isReady
    }

    /// Asks to be told once. On `queue`.
    func arm() {
        guard isReady != nil else { return }
        let isFirst = !isArmedOnce
        isArmedOnce = true
        poller.arm(self, isFirst: isFirst)
    }

    /// Is never told again; then the descriptor may be closed. On `queue`.
    func cancel() {
        guard isReady != nil else { return }
        isReady = nil
        poller.remove(self)
    }

    fileprivate func announce() {
        queue.async { [self] in isReady?() }
    }

    fileprivate func announce(afterMs pauseMs: Int) {
        queue.async(afterMs: pauseMs) { [self] in isReady?() }
    }
}
