import CLibevent
import Glibc

// How a stream leaves evhttp: the socket moves to the stream table, and evhttp frees its connection around /dev/null. The
// head of the chunked reply is ours, as those of all replies are: evhttp would format and copy each header three times
// (a seventh of what an open cost). It goes to the slot, to leave with the first event. The order matters:
//   1. dup the socket, while a failure can still be answered with 503;
//   2. take the socket out of the epoll set if it was in it: epoll would otherwise keep its registration, since it knows the
//      open file and not the number;
//   3. put /dev/null over the old number, because evhttp shuts down and closes it when it frees the connection.

extension HTTPConnection {
    /// Starts a stream as the answer to the request in hand; nil when there is none or the answer had to be another one.
    func beginStream(_ block: HeaderBlock, headers: [(String, String)]) -> StreamID? {
        guard phase == .exchanging, let request else { return nil }
        let isBare = request.head.version == .http10
        let copy = millstream_duplicate(descriptor)
        guard copy >= 0 else {
            let problem = problem(for: .outOfDescriptors, head: request.head)
            server.counters.refusals[Refusal.outOfDescriptors.code, default: 0] &+= 1
            reply(status: problem.status, headers: problem.headers, body: problem.body)
            return nil
        }
        pauseReading()
        let head = server.replyText.streamHead(block, headers, isBare: isBare)
        dup2(server.nullDescriptor, descriptor)
        // What the peer sent behind this request never runs.
        pending.removeAll()
        endExchange()
        free()
        return server.streams.adopt(descriptor: copy, head: head, isBare: isBare)
    }
}
