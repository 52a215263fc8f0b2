import CLoad
import Glibc

// The event loop: one thread, one epoll set, a flat array of streams, one read buffer. It opens and closes streams, finds out which have
// something and carries the answers of request lanes to their owners; what is to be done when is its activities' business, what is read
// that of LoadEngine+Reading. Nothing here blocks except the wait at the top of a turn.

final class LoadEngine {
    let target: ServerTarget
    let text: RequestText
    let sources: Int
    let poller: Int32
    /// Of groups that come back in a crowd. It is in the other set itself, as one that has something.
    private let crowdPoller: Int32
    let streams: UnsafeMutablePointer<StreamState>
    private let capacity: Int
    private let ready: UnsafeMutablePointer<cload_event>
    let readBuffer: UnsafeMutablePointer<UInt8>
    static let readBufferBytes = 65_536
    private var writer = RequestWriter()
    var lanes: [RequestLane?] = []
    private(set) var groups: [StreamGroup] = []
    /// The groups' tallies by number: a read reaches its own without touching a class.
    let tallies: UnsafeMutablePointer<UnsafeMutablePointer<Tally>?>
    private static let maxGroups = 256
    /// Slots in use from 0 on.
    private var used = 0
    /// Streams whose body is being read, stalled ones included.
    var live = 0
    var opensUnderWay = 0

    init(target: ServerTarget, channel: String, sources: Int, capacity: Int) throws(LoadError) {
        self.target = target
        text = RequestText(target: target, channel: channel)
        self.sources = target.isLoopback ? sources : 0
        poller = cload_epoll_create()
        crowdPoller = cload_epoll_create()
        guard poller >= 0, crowdPoller >= 0 else { throw .system("epoll_create1", errno) }
        guard cload_epoll_add(poller, crowdPoller, UInt32(CLOAD_IN), Self.crowdTag) == 0 else {
            throw .system("epoll_ctl", errno)
        }
        self.capacity = max(1, capacity)
        streams = .allocate(capacity: self.capacity)
        streams.initialize(repeating: StreamState(), count: self.capacity)
        tallies = .allocate(capacity: Self.maxGroups)
        tallies.initialize(repeating: nil, count: Self.maxGroups)
        ready = .allocate(capacity: Int(CLOAD_EVENTS_MAX))
        readBuffer = .allocate(capacity: Self.readBufferBytes)
    }

    deinit {
        for slot in 0..<capacity {
            Self.reset(streams[slot].fd)
            streams[slot].release()
        }
        for lane in lanes { lane?.closeAll() }
        streams.deallocate()
        ready.deallocate()
        tallies.deallocate()
        readBuffer.deallocate()
        writer.release()
        close(crowdPoller)
        close(poller)
    }

    // MARK: Groups

    func stream(_ slot: Int) -> UnsafeMutablePointer<StreamState> { streams + slot }

    func group(of slot: Int) -> StreamGroup { groups[Int(streams[slot].group)] }

    /// Takes the slots of a new group. The capacity was computed from the scenario: more is a mistake of ours.
    func addGroup(_ description: ReaderGroup, isJobs: Bool = false) -> StreamGroup {
        precondition(used + description.count <= capacity, "more streams than the scenario said")
        precondition(groups.count < Self.maxGroups, "too many groups")
        let group = StreamGroup(
            description, number: UInt16(groups.count), slots: used..<used + description.count, isJobs: isJobs)
        for slot in group.slots {
            let generation = streams[slot].generation
            streams[slot] = StreamState()
            streams[slot].generation = generation
            streams[slot].group = group.number
            streams[slot].owner = UInt32(slot - group.slots.lowerBound)
            streams[slot].phase = .closed
            streams[slot].isRead = group.reading == .all
        }
        used = group.slots.upperBound
        tallies[groups.count] = group.tally
        groups.append(group)
        return group
    }

    /// Closes and forgets the groups from that number on: those of a phase that is over.
    func removeGroups(from number: Int) {
        guard number < groups.count else { return }
        let first = groups[number].slots.lowerBound
        for slot in first..<used {
            cut(slot)
            streams[slot].release()
            streams[slot].phase = .free
        }
        used = first
        for gone in number..<groups.count { tallies[gone] = nil }
        groups.removeSubrange(number...)
    }

    // MARK: Opening and cutting

    /// Begins to open a stream; with its cursor when it has one and is to resume.
    func open(_ slot: Int, resuming: Bool = false) {
        let stream = streams + slot
        let group = groups[Int(stream.pointee.group)]
        stream.pointee.beginConnection()
        if !resuming { stream.pointee.forgetCursor() }
        stream.pointee.connectedAt = cload_now_ns()
        stream.pointee.phase = .connecting
        opensUnderWay += 1
        let fd = cload_socket()
        guard fd >= 0 else { return fail(slot, error: errno) }
        stream.pointee.fd = fd
        if group.receiveBuffer > 0 { _ = cload_receive_buffer(fd, Int32(group.receiveBuffer)) }
        if sources > 0, cload_bind_source(fd, 0x7F00_0002 + UInt32(slot % sources)) < 0 {
            return fail(slot, error: errno)
        }
        if cload_connect(fd, target.ip, target.port) < 0, errno != EINPROGRESS { return fail(slot, error: errno) }
        // On loopback the connection is mostly there already: the request leaves without another turn of the loop.
        let isSent = sendRequest(slot)
        guard stream.pointee.phase != .closed else { return }
        let events = UInt32(CLOAD_RDHUP) | UInt32(isSent ? CLOAD_IN : CLOAD_OUT)
        if cload_epoll_add(poller(of: group), fd, events, tag(stream: slot)) < 0 { fail(slot, error: errno) }
    }

    /// False when the connection is not there yet.
    private func sendRequest(_ slot: Int) -> Bool {
        let stream = streams + slot
        let group = groups[Int(stream.pointee.group)]
        if group.channels > 0 {
            text.subscribe(
                &writer, channel: group.channel(of: slot), of: group.channels, resuming: stream.pointee)
        } else {
            group.observer?.writeRequest(slot, &writer)
        }
        let sent = cload_send(stream.pointee.fd, writer.base, writer.count)
        if sent == writer.count {
            stream.pointee.phase = .head
            return true
        }
        if sent < 0, errno == EAGAIN { return false }
        fail(slot, error: sent < 0 ? errno : EMSGSIZE)
        return false
    }

    /// From now on a stream that stalled is read as it comes; what lies there, its end included, comes in the next turn.
    func wake(_ slot: Int) {
        guard streams[slot].phase == .body else { return }
        streams[slot].isRead = true
        watch(slot, UInt32(CLOAD_IN))
    }

    /// Closes without a word, as a lost connection does; no disconnect is counted. The cursor stays.
    func cut(_ slot: Int) {
        let stream = streams + slot
        switch stream.pointee.phase {
        case .free, .closed: return
        case .connecting, .head: opensUnderWay -= 1
        case .body: live -= 1
        }
        shut(stream)
    }

    /// Closes with a reset, which leaves no port waiting; nothing when there is no descriptor. Asked for here and not when the stream
    /// is opened: opening is what is measured.
    private static func reset(_ fd: Int32) {
        guard fd >= 0 else { return }
        _ = cload_reset_on_close(fd)
        close(fd)
    }

    private func shut(_ stream: UnsafeMutablePointer<StreamState>) {
        Self.reset(stream.pointee.fd)
        stream.pointee.fd = -1
        stream.pointee.phase = .closed
        stream.pointee.carryLength = 0
    }

    func fail(_ slot: Int, error: Int32, status: Int = 0) {
        opensUnderWay -= 1
        shut(streams + slot)
        group(of: slot).observer?.streamDidFail(slot, error: error, status: status, now: cload_now_ns())
    }

    func end(_ slot: Int, isWhole: Bool) {
        live -= 1
        shut(streams + slot)
        let group = group(of: slot)
        if group.channels > 0 { group.tally.pointee.disconnects += 1 }
        group.observer?.streamDidEnd(slot, isWhole: isWhole, now: cload_now_ns())
    }

    // MARK: The loop

    /// Streams of a crowd that are read between two looks at the others: a fraction of a millisecond.
    private static let crowdBatch: Int32 = 8

    /// Waits until something happens or the time is over, and deals with what happened.
    ///
    /// What a crowd gets is read last and a few streams at a time. Real readers do not share a core: an event that lies in the socket of
    /// one while we read what was replayed to hundreds of others would be told of as late, and the server was not.
    func turn(waitNs: UInt64) {
        let count = cload_epoll_wait(poller, ready, Int32(CLOAD_EVENTS_MAX), Int64(min(waitNs, 1_000_000_000)))
        guard count > 0, deal(withReady: Int(count)) else { return }
        _ = deal(withReady: Int(cload_epoll_wait(crowdPoller, ready, Self.crowdBatch, 0)))
    }

    /// True when the crowd has something, too.
    private func deal(withReady count: Int) -> Bool {
        var isCrowdReady = false
        for place in 0..<max(0, count) {
            let event = ready[place]
            if event.tag == Self.crowdTag {
                isCrowdReady = true
            } else if event.tag & Self.laneBit != 0 {
                let lane = Int(event.tag >> 32 & 0xFFFF)
                guard lane < lanes.count else { continue }
                lanes[lane]?.isReady(Int(truncatingIfNeeded: event.tag & 0xFFFF_FFFF), readBuffer, Self.readBufferBytes)
            } else {
                streamIsReady(event)
            }
        }
        return isCrowdReady
    }

    static let laneBit: UInt64 = 1 << 63
    /// No lane has so high a number.
    private static let crowdTag = UInt64.max

    @inline(__always)
    private func poller(of group: StreamGroup) -> Int32 { group.isCrowd ? crowdPoller : poller }

    @inline(__always)
    private func tag(stream slot: Int) -> UInt64 {
        UInt64(streams[slot].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: slot))
    }

    @inline(__always)
    private func streamIsReady(_ event: cload_event) {
        let slot = Int(event.tag & 0xFFFF_FFFF)
        let stream = streams + slot
        guard stream.pointee.generation == UInt16(truncatingIfNeeded: event.tag >> 32) else { return }
        switch stream.pointee.phase {
        case .free, .closed: return
        case .connecting: didConnect(slot)
        case .head: read(slot, limit: Self.readBufferBytes)
        case .body:
            if stream.pointee.isRead {
                read(slot, limit: Self.readBufferBytes)
            } else if event.ready & UInt32(CLOAD_RDHUP | CLOAD_HUP) != 0 {
                end(slot, isWhole: false)
            }
        }
    }

    private func didConnect(_ slot: Int) {
        let stream = streams + slot
        let error = cload_socket_error(stream.pointee.fd)
        guard error == 0 else { return fail(slot, error: error) }
        guard sendRequest(slot) else { return }
        watch(slot, UInt32(CLOAD_IN))
    }

    func watch(_ slot: Int, _ events: UInt32) {
        let events = events | UInt32(CLOAD_RDHUP)
        let poller = poller(of: group(of: slot))
        guard cload_epoll_change(poller, streams[slot].fd, events, tag(stream: slot)) < 0 else { return }
        cut(slot)
    }
}
