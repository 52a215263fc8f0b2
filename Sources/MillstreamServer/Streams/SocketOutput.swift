// The hub's readers as sockets of the stream table. Loop-confined; translates names and outcomes, and nothing else.

import MillstreamHTTP
import MillstreamStreams

final class SocketOutput: ReaderOutput {
    private let table: StreamTable

    init(table: StreamTable) {
        self.table = table
    }

    func makePayload(_ body: UnsafeRawBufferPointer) -> AnyObject {
        StreamPayload(body: body)
    }

    func send(_ payload: AnyObject, to reader: ReaderID) -> Delivery {
        Delivery(table.send(unsafeDowncast(payload, to: StreamPayload.self), to: StreamID(reader)))
    }

    func send(_ body: UnsafeRawBufferPointer, to reader: ReaderID) -> Delivery {
        Delivery(table.send(body: body, to: StreamID(reader)))
    }

    func expect(_ slot: UInt32) -> UInt {
        table.expect(slot)
    }

    func finish(_ reader: ReaderID, last: AnyObject?) {
        table.finish(StreamID(reader), final: last.map { unsafeDowncast($0, to: StreamPayload.self) })
    }

    func abort(_ reader: ReaderID) {
        table.abort(StreamID(reader))
    }
}

extension Delivery {
    fileprivate init(_ outcome: SendOutcome) {
        switch outcome {
        case .sent: self = .sent
        case .pending: self = .pending
        case .gone: self = .gone
        }
    }
}
