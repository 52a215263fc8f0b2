import CLibevent
import Glibc

// How a stream leaves evhttp. evhttp starts the chunked reply; then the socket moves to the stream table, and evhttp frees
// its connection around /dev/null. The order matters:
//   1. dup the socket, while a failure can still be answered with 503;
//   2. take the descriptor from the bufferevent: libevent deletes its epoll registration, which epoll would otherwise keep,
//      since it knows the open file and not the number, and evhttp's own enabling of events costs no system call then;
//   3. evhttp writes the reply's head into the output buffer, from where it goes to the slot, to leave with the first event;
//   4. put /dev/null over the old number, because evhttp shuts down and closes it when it frees the connection.

extension HTTPConnection {
    /// Starts a stream as the answer to the request in hand; nil when there is none or the answer had to be another one.
    func beginStream(headers: [(String, String)]) -> StreamID? {
        guard phase == .exchanging, let request, let evhttpRequest else { return nil }
        let isBare = request.head.version == .http10
        let copy = millstream_duplicate(descriptor)
        guard copy >= 0 else {
            let problem = problem(for: .outOfDescriptors, head: request.head)
            server.counters.refusals[Refusal.outOfDescriptors.code, default: 0] &+= 1
            reply(status: problem.status, headers: problem.headers, body: problem.body)
            return nil
        }
        bufferevent_setfd(bufferevent, -1)
        let head = startReply(evhttpRequest, headers: headers)
        dup2(server.nullDescriptor, descriptor)
        // What the peer sent behind this request never runs.
        pending.removeAll()
        endExchange()
        free()
        return server.streams.adopt(descriptor: copy, head: head, isBare: isBare)
    }

    /// The bytes of the head that evhttp makes.
    private func startReply(_ evhttpRequest: OpaquePointer, headers: [(String, String)]) -> StreamPayload {
        let output = evhttp_request_get_output_headers(evhttpRequest)
        for (name, value) in headers where server.replyText.isValid(name: name, value: value) {
            if !ReplyText.isReserved(name) { evhttp_add_header(output, name, value) }
        }
        evhttp_add_header(output, "Connection", "close")
        evhttp_add_header(output, "Date", server.replyText.date)
        evhttp_send_reply_start(evhttpRequest, 200, "OK")
        let buffer = bufferevent_get_output(bufferevent)
        let bytes = UnsafeRawBufferPointer(start: evbuffer_pullup(buffer, -1), count: evbuffer_get_length(buffer))
        let head = StreamPayload(raw: [bytes])
        evbuffer_drain(buffer, bytes.count)
        return head
    }
}
