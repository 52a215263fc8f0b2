// Sockets in memory: what each reader got, readers that stall, and the hub's part of the contract checked at every call.

import MillstreamSSE
import MillstreamStreams
import Testing

final class TestOutput: ReaderOutput {
    final class Payload {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    struct Socket {
        var received: [UInt8] = []
        var sends = 0
        var isStalled = false
        var pending: Payload?
        var last: Payload?
        var isFinished = false
        var isGone = false
        /// Whether a payload was ever pending.
        var hasLagged = false
        var lastSentMs: UInt64 = 0
        var longestSilenceMs: UInt64 = 0
    }

    var sockets: [ReaderID: Socket] = [:]
    var nowMs: UInt64 = 0
    var payloadsMade = 0
    private var generations: [UInt32: UInt32] = [:]
    private var freeSlots: [UInt32] = []

    func makeReader() -> ReaderID {
        let slot = freeSlots.popLast() ?? UInt32(generations.count)
        generations[slot, default: 0] += 1
        let id = ReaderID(slot: slot, generation: generations[slot]!)
        sockets[id] = Socket(lastSentMs: nowMs)
        return id
    }

    func makePayload(_ body: UnsafeRawBufferPointer) -> AnyObject {
        payloadsMade += 1
        return Payload(Array(body))
    }

    func send(_ payload: AnyObject, to reader: ReaderID) -> Delivery {
        guard var socket = sockets[reader], !socket.isGone else { return .gone }
        let payload = payload as! Payload
        #expect(socket.pending == nil, "sent while a payload is pending")
        #expect(!socket.isFinished, "sent after the end")
        #expect(!payload.bytes.isEmpty, "an empty payload")
        socket.sends += 1
        socket.longestSilenceMs = max(socket.longestSilenceMs, nowMs - socket.lastSentMs)
        socket.lastSentMs = nowMs
        if socket.isStalled {
            socket.pending = payload
            socket.hasLagged = true
        } else {
            socket.received += payload.bytes
        }
        sockets[reader] = socket
        return socket.isStalled ? .pending : .sent
    }

    func finish(_ reader: ReaderID, last: AnyObject?) {
        guard var socket = sockets[reader], !socket.isGone else { return }
        #expect(!socket.isFinished, "finished twice")
        socket.isFinished = true
        socket.last = last as! Payload?
        sockets[reader] = socket
        if socket.pending == nil { complete(reader) }
    }

    func abort(_ reader: ReaderID) {
        sockets[reader]?.isGone = true
    }

    private func complete(_ reader: ReaderID) {
        sockets[reader]!.received += sockets[reader]!.last?.bytes ?? []
        sockets[reader]!.last = nil
    }

    // MARK: What peers do

    /// The reader takes bytes again; true when the hub must be told.
    func drain(_ reader: ReaderID) -> Bool {
        guard var socket = sockets[reader], let pending = socket.pending else { return false }
        socket.received += pending.bytes
        socket.pending = nil
        socket.lastSentMs = nowMs
        sockets[reader] = socket
        if socket.isFinished { complete(reader) }
        return !socket.isFinished
    }

    /// The peer leaves; its slot is used again.
    func leave(_ reader: ReaderID) {
        sockets[reader]?.isGone = true
        freeSlots.append(reader.slot)
    }

    func text(_ reader: ReaderID) -> String { String(decoding: sockets[reader]!.received, as: UTF8.self) }

    func events(_ reader: ReaderID) -> [ServerSentEvent] {
        var parser = SSEParser()
        var events: [ServerSentEvent] = []
        parser.push(sockets[reader]!.received) { events.append($0) }
        return events
    }
}
