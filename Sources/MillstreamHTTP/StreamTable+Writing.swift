import CLibevent
import Glibc

// How a stream writes: one send(2) or sendmsg(2) per call, straight from the shared bytes; what the socket does not take
// stays as a reference and an offset.

extension StreamTable {
    private static let lastChunk: StaticString = "0\r\n\r\n"

    /// A payload on an open stream with nothing pending.
    func write(_ payload: StreamPayload, to slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) -> SendOutcome {
        let bytes = payload.bytes(isBare: slot.pointee.isBare)
        guard bytes.count > 0 else { return .sent }
        let written = millstream_send(slot.pointee.descriptor, bytes.baseAddress, bytes.count)
        guard let sent = accept(written, id: id) else { return .gone }
        if sent == bytes.count { return .sent }
        block(slot, id: id, on: payload, from: sent)
        return .pending
    }

    /// Bytes for this stream alone, framed in the table's scratch memory: a payload is made of what the socket does not take.
    func write(_ body: UnsafeRawBufferPointer, to slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) -> SendOutcome {
        guard body.count > 0 else { return .sent }
        let bytes = StreamPayload.frame(
            body, in: UnsafeMutableRawBufferPointer(start: scratch, count: Self.scratchBytes))
        let written = millstream_send(slot.pointee.descriptor, bytes.baseAddress, bytes.count)
        guard let sent = accept(written, id: id) else { return .gone }
        if sent == bytes.count { return .sent }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
        block(slot, id: id, on: StreamPayload(raw: [rest]), from: 0)
        return .pending
    }

    /// The reply's head, together with the first payload if there is one.
    func writeHead(
        of slot: UnsafeMutablePointer<StreamSlot>, id: StreamID, with payload: StreamPayload?
    ) -> SendOutcome {
        guard let head = slot.pointee.pending?.takeRetainedValue() else { return .gone }
        slot.pointee.pending = nil
        slot.pointee.state = .open
        let body = payload?.bytes(isBare: slot.pointee.isBare)
        guard let sent = sendPieces(head.framed, body, nil, isEnd: false, slot: slot, id: id) else { return .gone }
        let total = head.framed.count + (body?.count ?? 0)
        if sent == total { return .sent }
        if sent >= head.framed.count, let payload {
            block(slot, id: id, on: payload, from: sent - head.framed.count)
        } else {
            let rest = UnsafeRawBufferPointer(rebasing: head.framed[sent...])
            block(slot, id: id, on: StreamPayload(raw: [rest] + (body.map { [$0] } ?? [])), from: 0)
        }
        return .pending
    }

    /// The end of a stream that has nothing pending but perhaps its head.
    func writeEnd(of slot: UnsafeMutablePointer<StreamSlot>, id: StreamID, final: StreamPayload?) {
        let head = slot.pointee.state == .held ? slot.pointee.pending?.takeRetainedValue() : nil
        slot.pointee.pending = nil
        slot.pointee.state = .open
        let isBare = slot.pointee.isBare
        let pieces = [
            head?.framed, final?.bytes(isBare: isBare),
            isBare
                ? nil
                : UnsafeRawBufferPointer(start: Self.lastChunk.utf8Start, count: Self.lastChunk.utf8CodeUnitCount),
        ]
        guard var sent = sendPieces(pieces[0], pieces[1], pieces[2], isEnd: true, slot: slot, id: id) else { return }
        var rest: [UnsafeRawBufferPointer] = []
        for case let piece? in pieces {
            let skipped = min(sent, piece.count)
            sent -= skipped
            if skipped < piece.count { rest.append(UnsafeRawBufferPointer(rebasing: piece[skipped...])) }
        }
        withExtendedLifetime((head, final)) {
            if rest.isEmpty {
                shutDownOutput(of: slot, id: id)
            } else {
                block(slot, id: id, on: StreamPayload(raw: rest), from: 0)
                slot.pointee.state = .ending
            }
        }
    }

    /// The socket takes bytes again.
    func socketIsWritable(_ slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) {
        guard let payload = slot.pointee.pending?.takeUnretainedValue() else { return }
        let bytes = payload.bytes(isBare: slot.pointee.isBare)
        let offset = min(Int(slot.pointee.offset), bytes.count)
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard let sent = accept(millstream_send(slot.pointee.descriptor, rest.baseAddress, rest.count), id: id) else {
            return
        }
        if sent > 0 { noteProgress(slot, id: id) }
        guard sent == rest.count else {
            slot.pointee.offset = UInt32(offset + sent)
            return
        }
        unblock(slot, id: id)
    }

    /// Nothing is pending any more.
    private func unblock(_ slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) {
        slot.pointee.pending?.release()
        slot.pointee.pending = nil
        slot.pointee.offset = 0
        stats.blocked -= 1
        forgetDeadline(slot)
        watchForOutput(slot, id: id, false)
        let ended = slot.pointee.state
        slot.pointee.state = .open
        switch ended {
        case .finishing: writeEnd(of: slot, id: id, final: finals.removeValue(forKey: id.slot))
        case .ending: shutDownOutput(of: slot, id: id)
        case .blocked, .free, .held, .open, .draining: delegate?.streamDidDrain(id)
        }
    }

    private func block(
        _ slot: UnsafeMutablePointer<StreamSlot>, id: StreamID, on payload: StreamPayload, from offset: Int
    ) {
        slot.pointee.pending = Unmanaged.passRetained(payload)
        slot.pointee.offset = UInt32(offset)
        slot.pointee.state = .blocked
        stats.blocked += 1
        stats.shortWrites &+= 1
        noteProgress(slot, id: id)
        watchForOutput(slot, id: id, true)
    }

    private func shutDownOutput(of slot: UnsafeMutablePointer<StreamSlot>, id: StreamID) {
        slot.pointee.state = .draining
        shutdown(slot.pointee.descriptor, Int32(SHUT_WR))
        noteProgress(slot, id: id)
    }

    /// - Parameter isEnd: whether the output is shut down at once when the socket has taken all. When it has not, what it took leaves
    ///   by itself: it is full.
    private func sendPieces(
        _ first: UnsafeRawBufferPointer?, _ second: UnsafeRawBufferPointer?, _ third: UnsafeRawBufferPointer?,
        isEnd: Bool, slot: UnsafeMutablePointer<StreamSlot>, id: StreamID
    ) -> Int? {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 3) { vectors in
            var count = 0
            for case let piece? in [first, second, third] where piece.count > 0 {
                vectors[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress), iov_len: piece.count)
                count += 1
            }
            guard count > 0 else { return 0 }
            let send = isEnd ? millstream_send_last_pieces : millstream_send_pieces
            return accept(send(slot.pointee.descriptor, vectors.baseAddress, count), id: id)
        }
    }

    /// Bytes sent, 0 when the socket is full; nil when it is broken, and then the stream is closed.
    private func accept(_ result: Int, id: StreamID) -> Int? {
        stats.sends &+= 1
        if result >= 0 {
            stats.bytesSent &+= UInt64(result)
            return result
        }
        if errno == EAGAIN || errno == EINTR || errno == ENOBUFS { return 0 }
        close(id, reason: Self.reason(forError: errno))
        return nil
    }
}
