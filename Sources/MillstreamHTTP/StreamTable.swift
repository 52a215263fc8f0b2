import CLibevent
import Glibc
import MillstreamLoop

// All streams that have left evhttp: their sockets, in a flat array of slots, and one epoll descriptor that is itself
// watched by the loop, so that an idle stream costs neither a libevent event nor an object. The table writes at once with
// send(2) and keeps at most one payload per stream, by reference, when the socket takes no more. It never copies a payload
// (the rest of two small pieces aside), never decides what is sent, and calls its delegate only from the loop, never from
// within a call of the delegate's. Loop thread only.

/// The graduated streams of one server.
public final class StreamTable {
    /// Plain counters and gauges.
    public struct Stats: Sendable {
        public var opened: UInt64 = 0
        public var closed: UInt64 = 0
        public var bytesSent: UInt64 = 0
        public var sends: UInt64 = 0
        public var shortWrites: UInt64 = 0
        public var stalls: UInt64 = 0
        public var floods: UInt64 = 0
        /// Streams whose output is pending, now.
        public var blocked = 0
    }

    /// The receiver of events; not retained.
    public weak var delegate: StreamTableDelegate?
    /// Streams that exist, those included that wait for the peer's close.
    @exclusivity(unchecked) public private(set) var count = 0 {
        didSet { countDidChange?() }
    }
    /// For the server, which counts streams as connections.
    var countDidChange: (() -> Void)?
    /// For the server, whose connections are in the same epoll set.
    var connectionIsReadable: ((ConnectionTag) -> Void)?
    @exclusivity(unchecked) public internal(set) var stats = Stats()

    let loop: EventLoop
    let settings: HTTPServerSettings
    let epoll: Int32
    private var watch: LoopWatch?
    private var deadlineTimer: LoopTimer?
    private var closeNotices: DeferredCall?

    @exclusivity(unchecked) var slots: UnsafeMutablePointer<StreamSlot>
    private var slotCapacity: Int
    private var firstFree = StreamSlot.noSlot
    /// Streams whose head was not sent yet; looked at once, at the end of the tick.
    @exclusivity(unchecked) private var heldHeads: [StreamID] = []
    /// Slots with a deadline: blocked, finishing or draining.
    private var attention: [UInt32] = []
    /// Last payloads of streams that still had one pending when they were finished.
    var finals: [UInt32: StreamPayload] = [:]
    @exclusivity(unchecked) private var closed: [(id: StreamID, reason: StreamCloseReason)] = []
    private let started = MonotonicTime.current()
    let ready: UnsafeMutablePointer<millstream_readiness>
    let scratch: UnsafeMutableRawPointer
    static let scratchBytes = 16 * 1_024

    init(loop: EventLoop, settings: HTTPServerSettings) throws(HTTPServerError) {
        self.loop = loop
        self.settings = settings
        epoll = millstream_epoll_create()
        guard epoll >= 0 else { throw .outOfResources }
        slotCapacity = 64
        slots = .allocate(capacity: slotCapacity)
        ready = .allocate(capacity: Int(MILLSTREAM_EPOLL_BATCH))
        scratch = .allocate(byteCount: Self.scratchBytes, alignment: 16)
        prepareSlots(from: 0)
        watch = loop.onReadable(epoll) { [unowned self] in socketsAreReady() }
        closeNotices = loop.deferred { [unowned self] in reportClosed() }
        loop.atTickEnd(.settle) { [weak self] in self?.sendHeldHeads() }
    }

    deinit {
        watch?.cancel()
        closeNotices?.cancel()
        deadlineTimer?.cancel()
        for index in 0..<slotCapacity where slots[index].state != .free {
            slots[index].pending?.release()
            Glibc.close(slots[index].descriptor)
        }
        Glibc.close(epoll)
        slots.deallocate()
        ready.deallocate()
        scratch.deallocate()
    }

    // MARK: For the application

    /// Sends a payload. The first payload of a stream that is sent in the tick of its opening leaves together with the
    /// reply's head.
    public func send(_ payload: StreamPayload, to id: StreamID) -> SendOutcome {
        guard let slot = slot(of: id) else { return .gone }
        switch slot.pointee.state {
        case .open: return write(payload, to: slot, id: id)
        case .held: return writeHead(of: slot, id: id, with: payload)
        case .blocked: return .pending
        case .finishing, .ending, .draining, .free: return .gone
        }
    }

    /// Sends bytes that no other stream needs, in a chunk of their own; they need be valid during the call only.
    public func send(body: UnsafeRawBufferPointer, to id: StreamID) -> SendOutcome {
        guard let slot = slot(of: id), slot.pointee.state == .open, !slot.pointee.isBare,
            body.count <= Self.scratchBytes - StreamPayload.maxFramingBytes
        else { return send(StreamPayload(body: body), to: id) }
        return write(body, to: slot, id: id)
    }

    /// Looks at the memory of a stream that something will be sent to soon. What it returns tells nothing: a look whose result nobody
    /// wants might be left out by the compiler.
    public func expect(_ slot: UInt32) -> UInt {
        guard Int(slot) < slotCapacity else { return 0 }
        return UInt(slots[Int(slot)].generation)
    }

    /// Ends a stream in order: what is pending, then `final`, then the last chunk, shutdown of the write side, and a wait
    /// for the peer's close of at most `lingerTimeoutMs`: closing at once with unread input would reset the connection and
    /// may eat the terminal event. Nothing happens when the stream is gone or ends already.
    public func finish(_ id: StreamID, final: StreamPayload? = nil) {
        guard let slot = slot(of: id) else { return }
        switch slot.pointee.state {
        case .open, .held: writeEnd(of: slot, id: id, final: final)
        case .blocked:
            slot.pointee.state = .finishing
            finals[id.slot] = final
        case .finishing, .ending, .draining, .free: break
        }
    }

    /// Ends a stream at once; what is pending is lost.
    public func abort(_ id: StreamID) {
        guard slot(of: id) != nil else { return }
        close(id, reason: .aborted)
    }

    /// Ends all streams at once.
    public func closeAll() {
        for index in 0..<slotCapacity where slots[index].state != .free {
            close(StreamID(slot: UInt32(index), generation: slots[index].generation), reason: .serverClosed)
        }
    }

    // MARK: Slots

    /// Takes over a connected socket whose reply head is still to be sent. The table owns `descriptor` from now on.
    func adopt(descriptor: Int32, head: StreamPayload, isBare: Bool) -> StreamID? {
        loop.assertOnLoop()
        if firstFree == StreamSlot.noSlot { grow() }
        let index = firstFree
        let slot = slots + Int(index)
        let id = StreamID(slot: index, generation: slot.pointee.generation)
        let interest = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
        guard millstream_epoll_set(epoll, EPOLL_CTL_ADD, descriptor, interest, id.tag) == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        firstFree = slot.pointee.offset
        slot.pointee.descriptor = descriptor
        slot.pointee.pending = Unmanaged.passRetained(head)
        slot.pointee.offset = 0
        slot.pointee.inputBytes = 0
        slot.pointee.state = .held
        slot.pointee.isBare = isBare
        count += 1
        stats.opened &+= 1
        heldHeads.append(id)
        return id
    }

    @inline(__always)
    func slot(of id: StreamID) -> UnsafeMutablePointer<StreamSlot>? {
        loop.assertOnLoop()
        guard Int(id.slot) < slotCapacity else { return nil }
        let slot = slots + Int(id.slot)
        return slot.pointee.generation == id.generation && slot.pointee.state != .free ? slot : nil
    }

    /// Frees the slot and the socket. The delegate hears of it after the present callback.
    func close(_ id: StreamID, reason: StreamCloseReason) {
        guard let slot = slot(of: id) else { return }
        switch slot.pointee.state {
        case .blocked, .ending: stats.blocked -= 1
        case .finishing:
            stats.blocked -= 1
            finals[id.slot] = nil
        case .free, .held, .open, .draining: break
        }
        forgetDeadline(slot)
        slot.pointee.pending?.release()
        slot.pointee.pending = nil
        Glibc.close(slot.pointee.descriptor)
        slot.pointee.descriptor = -1
        slot.pointee.state = .free
        slot.pointee.generation &+= 1
        slot.pointee.offset = firstFree
        firstFree = id.slot
        count -= 1
        stats.closed &+= 1
        closed.append((id, reason))
        closeNotices?.request()
    }

    private func grow() {
        let capacity = slotCapacity * 2
        let larger = UnsafeMutablePointer<StreamSlot>.allocate(capacity: capacity)
        larger.moveInitialize(from: slots, count: slotCapacity)
        slots.deallocate()
        slots = larger
        let first = slotCapacity
        slotCapacity = capacity
        prepareSlots(from: first)
    }

    private func prepareSlots(from first: Int) {
        for index in (first..<slotCapacity).reversed() {
            (slots + index).initialize(to: StreamSlot())
            slots[index].offset = firstFree
            firstFree = UInt32(index)
        }
    }

    private func reportClosed() {
        let notices = closed
        closed.removeAll(keepingCapacity: true)
        for notice in notices {
            delegate?.streamDidClose(notice.id, reason: notice.reason)
        }
    }

    private func sendHeldHeads() {
        guard !heldHeads.isEmpty else { return }
        let held = heldHeads
        heldHeads.removeAll(keepingCapacity: true)
        for id in held {
            guard let slot = slot(of: id), slot.pointee.state == .held else { continue }
            _ = writeHead(of: slot, id: id, with: nil)
        }
    }

    // MARK: Deadlines

    /// Puts the slot under a deadline that counts from now.
    func noteProgress(_ slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) {
        slot.pointee.progressMs = nowMs
        guard slot.pointee.attention == StreamSlot.noAttention else { return }
        slot.pointee.attention = UInt32(attention.count)
        attention.append(id.slot)
        if attention.count == 1 { startDeadlineTimer() }
    }

    func forgetDeadline(_ slot: UnsafeMutablePointer<StreamSlot>) {
        let position = slot.pointee.attention
        guard position != StreamSlot.noAttention, Int(position) < attention.count else { return }
        slot.pointee.attention = StreamSlot.noAttention
        let last = attention.removeLast()
        guard Int(position) < attention.count else { return }
        attention[Int(position)] = last
        slots[Int(last)].attention = position
    }

    private func startDeadlineTimer() {
        let intervalMs = max(5, min(500, min(settings.stallTimeoutMs, settings.lingerTimeoutMs) / 4))
        if let deadlineTimer {
            deadlineTimer.rearm(afterMs: intervalMs)
        } else {
            deadlineTimer = loop.schedule(afterMs: intervalMs) { [unowned self] in checkDeadlines() }
        }
    }

    private func checkDeadlines() {
        let now = nowMs
        // Backwards, because closing moves the last entry to the closed one's place.
        for position in attention.indices.reversed() {
            let index = attention[position]
            let slot = slots + Int(index)
            let isDraining = slot.pointee.state == .draining
            let limit = isDraining ? settings.lingerTimeoutMs : settings.stallTimeoutMs
            guard Int(now &- slot.pointee.progressMs) >= limit else { continue }
            if !isDraining { stats.stalls &+= 1 }
            let id = StreamID(slot: index, generation: slot.pointee.generation)
            close(id, reason: isDraining ? .finished : .stalled)
        }
        if !attention.isEmpty { startDeadlineTimer() }
    }

    private var nowMs: UInt32 {
        UInt32(truncatingIfNeeded: loop.now.milliseconds(since: started))
    }
}
