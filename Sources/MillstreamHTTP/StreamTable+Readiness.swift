import CLibevent
import Glibc

// What the table's own epoll says: input that is dropped, ends and resets, room for pending output. Connections that are
// still evhttp's have their sockets in the same set, so that one system call finds all that is ready.

extension StreamTable {
    /// `EPOLLOUT` is asked for only while output is pending.
    func watchForOutput(_ slot: UnsafeMutablePointer<StreamSlot>, id: StreamID, _ isWanted: Bool) {
        let input = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
        let interest = isWanted ? input | EPOLLOUT.rawValue : input
        _ = millstream_epoll_set(epoll, EPOLL_CTL_MOD, slot.pointee.descriptor, interest, id.tag)
    }

    /// Tells of input on a connection's socket; false when the kernel cannot.
    func watch(_ descriptor: Int32, _ tag: ConnectionTag) -> Bool {
        millstream_epoll_set(epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, tag.tag) == 0
    }

    /// Before the socket gets another number, too: the set knows the file by the number it came with.
    func unwatch(_ descriptor: Int32) {
        _ = millstream_epoll_set(epoll, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// At most a batch in a tick: what else is ready comes in the next one, level-triggered and after those that had their turn. Thousands
    /// of sockets that have something must not keep what is committed meanwhile from the streams.
    func socketsAreReady() {
        let found = Int(millstream_epoll_collect(epoll, ready))
        guard found > 0 else { return }
        for index in 0..<found {
            let readiness = ready[index]
            if let connection = ConnectionTag(tag: readiness.tag) {
                connectionIsReadable?(connection)
            } else {
                socketIsReady(StreamID(tag: readiness.tag), events: readiness.events)
            }
        }
    }

    /// The kernel notices a peer that acknowledges nothing (TCP_USER_TIMEOUT is the stall limit) sooner than the table's clock.
    static func reason(forError number: Int32) -> StreamCloseReason {
        number == ETIMEDOUT ? .stalled : .peerClosed
    }

    private func socketIsReady(_ id: StreamID, events: UInt32) {
        // A slot that was closed or used again earlier in this batch has another generation.
        guard let slot = slot(of: id) else { return }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 {
            guard slot.pointee.state != .draining else { return close(id, reason: .finished) }
            return close(id, reason: Self.reason(forError: millstream_socket_error(slot.pointee.descriptor)))
        }
        if events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0, !dropInput(of: slot, id: id) { return }
        if events & EPOLLOUT.rawValue != 0 { socketIsWritable(slot, id: id) }
    }

    /// Reads and drops what the peer sent: at most one buffer a tick and `maxStreamInputBytes` in all. False when that
    /// ended the stream.
    private func dropInput(of slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) -> Bool {
        let received = millstream_receive(slot.pointee.descriptor, scratch, Self.scratchBytes)
        if received > 0 {
            slot.pointee.inputBytes &+= UInt32(received)
            guard Int(slot.pointee.inputBytes) > settings.maxStreamInputBytes else { return true }
            stats.floods &+= 1
            close(id, reason: .flooded)
            return false
        }
        if received < 0, errno == EAGAIN || errno == EINTR { return true }
        // A half-closed stream is a closed one: nobody sends FIN on a stream that they want to go on reading.
        close(id, reason: slot.pointee.state == .draining ? .finished : .peerClosed)
        return false
    }
}
