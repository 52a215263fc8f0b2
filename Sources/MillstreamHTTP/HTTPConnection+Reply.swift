import CLibevent
import Glibc

// How an answer goes out: straight to the socket; what it does not take goes to the bufferevent. A connection that ends is
// shut down on the sending side first and read until the peer closes, because closing a socket with unread input resets
// the connection, and a reset may destroy the answer before the peer reads it.

extension HTTPConnection {
    /// The application's answer to the request in hand.
    func reply(
        status: Int, block: HeaderBlock? = nil, headers: [(String, String)], more: [(String, String)] = [],
        body: [UInt8]
    ) {
        reply(status: status, block: block, headers: headers, more: more, body: body, byteCount: body.count)
    }

    /// The head of a stream, for HEAD.
    func replyWithStreamHead(_ block: HeaderBlock, _ headers: [(String, String)]) {
        reply(status: 200, block: block, headers: headers, more: [], body: [], byteCount: nil)
    }

    private func reply(
        status: Int, block: HeaderBlock?, headers: [(String, String)], more: [(String, String)], body: [UInt8],
        byteCount: Int?
    ) {
        guard phase == .exchanging, let request else { return }
        var isClosing = ending == .closeAfterReply || server.isDraining || hasPeerClosed && pending.isEmpty
        let text = server.replyText.head(
            status: status, block: block, headers: headers, more: more, bodyByteCount: byteCount, isClosing: &isClosing)
        let hasBody = request.head.method != .head && ReplyText.allowsBody(status: status)
        endExchange()
        guard !isClosing else { return sendLast(text, hasBody ? body : []) }
        guard let rest = sendNow(text, hasBody ? body : []) else { return free() }
        guard rest else { return replyDidLeave() }
        phase = .writing
        watchOutput()
    }

    /// The reply is out: evhttp makes a new request for the connection.
    private func replyDidLeave() {
        guard let evhttpRequest else { return }
        self.evhttpRequest = nil
        phase = .idle
        scanner = HeadScanner()
        server.setDeadline(of: self, afterMs: server.settings.idleTimeoutMs)
        // With an empty output evhttp ends the request at once and takes libevent's callbacks back.
        evhttp_send_reply_end(evhttpRequest)
        guard phase == .idle else { return }
        if pending.isEmpty { resumeReading() } else { server.requestAdvance(of: self) }
    }

    /// Refuses what was read so far and ends the connection; whatever else comes is dropped.
    func refuse(_ refusal: Refusal, head: RequestHead?) {
        count(refusal)
        refuse(with: problem(for: refusal, head: head))
    }

    /// Refuses a head that has not come wholly.
    func refuseUnread(_ refusal: Refusal) {
        refuse(refusal, method: pending.withUnsafeBytes { FirstWord(of: $0) })
    }

    /// Refuses a head that was not understood. Whatever was wrong with it, the client of a HEAD reads no body.
    func refuse(_ refusal: Refusal, method: FirstWord) {
        count(refusal)
        refuse(with: problem(for: refusal, head: nil), method: method)
    }

    private func count(_ refusal: Refusal) {
        server.counters.refusals[refusal.code, default: 0] &+= 1
        if let bound = refusal.bound { server.counters.didReach(bound) }
    }

    /// The application's words for a refusal, with Retry-After where it applies.
    func problem(for refusal: Refusal, head: RequestHead?) -> ProblemReply {
        var problem = server.application.problem(for: refusal, head: head)
        if let seconds = refusal.retryAfterSeconds { problem.headers.append(("Retry-After", "\(seconds)")) }
        return problem
    }

    /// A body that was under way is not read on.
    func refuse(with problem: ProblemReply) {
        refuse(with: problem, method: request?.head.method == .head ? .head : .other)
    }

    /// Where the method is not known there is no body, and no length that would promise one: for each method this reply ends with the
    /// connection.
    private func refuse(with problem: ProblemReply, method: FirstWord) {
        var isClosing = true
        let text = server.replyText.head(
            status: problem.status, headers: problem.headers,
            bodyByteCount: method == .unknown ? nil : problem.body.count, isClosing: &isClosing)
        pending.removeAll()
        endExchange()
        sendLast(text, method == .other ? problem.body : [])
    }

    // MARK: Output

    private func sendLast(_ head: [UInt8], _ body: [UInt8]) {
        guard let rest = sendNow(head, body) else { return free() }
        guard rest else { return linger() }
        phase = .flushing
        watchOutput()
    }

    /// One sendmsg(2); true when a rest went to the bufferevent, nil when the socket is broken.
    private func sendNow(_ head: [UInt8], _ body: [UInt8]) -> Bool? {
        head.withUnsafeBytes { headBytes in
            body.withUnsafeBytes { bodyBytes in
                var pieces = (
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: headBytes.baseAddress), iov_len: headBytes.count),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: bodyBytes.baseAddress), iov_len: bodyBytes.count)
                )
                var sent = withUnsafeMutableBytes(of: &pieces) { raw in
                    millstream_send_pieces(
                        descriptor, raw.baseAddress?.assumingMemoryBound(to: iovec.self), bodyBytes.isEmpty ? 1 : 2)
                }
                if sent < 0 {
                    guard errno == EAGAIN || errno == EINTR || errno == ENOBUFS else { return nil }
                    sent = 0
                }
                server.counters.bytesOut &+= UInt64(headBytes.count + bodyBytes.count)
                let headSent = min(sent, headBytes.count)
                let output = bufferevent_get_output(bufferevent)
                for rest in [headBytes[headSent...], bodyBytes[(sent - headSent)...]] where !rest.isEmpty {
                    let bytes = UnsafeRawBufferPointer(rebasing: rest)
                    evbuffer_add(output, bytes.baseAddress, bytes.count)
                }
                return sent < headBytes.count + bodyBytes.count
            }
        }
    }

    private func watchOutput() {
        lastOutputBytes = evbuffer_get_length(bufferevent_get_output(bufferevent))
        server.setDeadline(of: self, afterMs: server.settings.stallTimeoutMs)
        takeCallbacks()
        bufferevent_enable(bufferevent, Int16(EV_WRITE))
    }

    /// libevent has written everything.
    func outputIsEmpty() {
        switch phase {
        case .writing:
            bufferevent_disable(bufferevent, Int16(EV_WRITE))
            if hasPeerClosed && pending.isEmpty { linger() } else { replyDidLeave() }
        case .flushing: linger()
        default: break
        }
    }

    /// The server has said all it had to say.
    private func linger() {
        phase = .lingering
        guard !hasPeerClosed else { return server.requestClose(of: self) }
        shutdown(descriptor, Int32(SHUT_WR))
        server.setDeadline(of: self, afterMs: server.settings.lingerTimeoutMs)
        resumeReading()
    }

    // MARK: Deadlines

    /// The connection's one deadline has passed.
    func deadlineDidPass() {
        switch phase {
        case .idle, .excess, .newborn:
            server.counters.idleCloses &+= 1
            if phase == .idle { server.counters.didReach(.idleTimeout) }
            free()
        case .readingHead: refuseUnread(.headTimeout)
        case .readingBody: refuse(.bodyTimeout(.bodyTimeout), head: request?.head)
        case .storingUpload:
            let isOver = server.loop.now >= bodyDeadline
            refuse(.bodyTimeout(isOver ? .uploadTimeout : .uploadStallTimeout), head: request?.head)
        case .writing, .flushing: checkProgress()
        case .lingering: free()
        case .finishingUpload, .presenting, .exchanging, .closed: break
        }
    }

    private func checkProgress() {
        let waiting = evbuffer_get_length(bufferevent_get_output(bufferevent))
        if waiting < lastOutputBytes {
            lastOutputBytes = waiting
            server.setDeadline(of: self, afterMs: server.settings.stallTimeoutMs)
        } else {
            server.counters.stallCloses &+= 1
            server.counters.didReach(.stallTimeout)
            free()
        }
    }
}
