import CLoad
import Glibc

// What comes on a stream: the reply's head, in as many pieces as it likes, then the body, which is counted and checked where it lies.
// Engine's thread only; this is the way of every event that is measured.

extension LoadEngine {
    /// Reads once. Also for slow readers, who are not told by epoll but by their clock.
    func read(_ slot: Int, limit: Int) {
        let stream = streams + slot
        let count = cload_receive(stream.pointee.fd, readBuffer, min(limit, Self.readBufferBytes))
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            if stream.pointee.phase == .head { return fail(slot, error: count < 0 ? errno : ECONNRESET) }
            return end(slot, isWhole: false)
        }
        guard let tally = tallies[Int(stream.pointee.group)] else { return }
        tally.pointee.reads &+= 1
        tally.pointee.bytes &+= count
        if stream.pointee.phase == .head {
            takeHead(slot, Bytes(readBuffer), count)
        } else {
            takeBody(slot, Bytes(readBuffer), count, tally)
        }
    }

    @inline(__always)
    private func takeBody(_ slot: Int, _ bytes: Bytes, _ count: Int, _ tally: UnsafeMutablePointer<Tally>) {
        let stream = streams + slot
        let outcome = BodyReader.feed(bytes, count, now: cload_now_ns(), stream, tally)
        if stream.pointee.isObserved { group(of: slot).observer?.streamDidRead(slot, now: cload_now_ns()) }
        if outcome != .open, stream.pointee.phase == .body { end(slot, isWhole: outcome == .ended) }
    }

    private func takeHead(_ slot: Int, _ bytes: Bytes, _ count: Int) {
        let stream = streams + slot
        // A head in one piece is read where it lies; one in several is put together first.
        if stream.pointee.carryLength == 0, let head = ReplyHead(bytes, count) {
            return begin(slot, head, bytes + head.length, count - head.length)
        }
        guard stream.pointee.keep(bytes, count), stream.pointee.carryLength < 65_536, let carry = stream.pointee.carry
        else { return fail(slot, error: EMSGSIZE) }
        let total = Int(stream.pointee.carryLength)
        guard let head = ReplyHead(Bytes(carry), total) else { return }
        // The rest may lie in the carry that the scanner is about to use.
        let rest = total - head.length
        readBuffer.update(from: carry + head.length, count: rest)
        begin(slot, head, Bytes(readBuffer), rest)
    }

    private func begin(_ slot: Int, _ head: ReplyHead, _ rest: Bytes, _ count: Int) {
        let stream = streams + slot
        stream.pointee.carryLength = 0
        guard head.status == 200 else { return fail(slot, error: 0, status: head.status) }
        stream.pointee.framing = head.isChunked ? .chunked : .plain
        stream.pointee.remaining = head.isChunked ? 0 : head.contentLength ?? -1
        stream.pointee.phase = .body
        opensUnderWay -= 1
        live += 1
        let group = groups[Int(stream.pointee.group)]
        if !stream.pointee.isRead { watch(slot, 0) }
        group.observer?.streamDidOpen(slot, now: cload_now_ns())
        if count > 0, stream.pointee.phase == .body { takeBody(slot, rest, count, group.tally) }
    }
}
