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
        switch table.send(unsafeDowncast(payload, to: StreamPayload.self), to: StreamID(reader)) {
        case .sent: .sent
        case .pending: .pending
        case .gone: .gone
        }
    }

    func finish(_ reader: ReaderID, last: AnyObject?) {
        table.finish(StreamID(reader), final: last.map { unsafeDowncast($0, to: StreamPayload.self) })
    }

    func abort(_ reader: ReaderID) {
        table.abort(StreamID(reader))
    }
}
