import CLibevent

// How a request passes through evhttp, and who answers libevent's callbacks while a reply waits for its socket.

extension HTTPConnection {
    /// Shows evhttp one whole request; it calls `evhttpDidPresent` before this returns. Of the request that came it only
    /// learns what its replies depend on: the version, and whether a body may follow the reply's head.
    func present() {
        guard let head = request?.head else { return }
        phase = .presenting
        server.presented = self
        let line: StaticString
        switch (head.method, head.version) {
        case (.head, .http11): line = "HEAD / HTTP/1.1\r\n\r\n"
        case (.head, .http10): line = "HEAD / HTTP/1.0\r\n\r\n"
        case (_, .http11): line = "GET / HTTP/1.1\r\n\r\n"
        case (_, .http10): line = "GET / HTTP/1.0\r\n\r\n"
        }
        evbuffer_add(bufferevent_get_input(bufferevent), line.utf8Start, line.utf8CodeUnitCount)
        bufferevent_trigger(bufferevent, Int16(EV_READ), 0)
    }

    /// evhttp has parsed our request and hands it to the application.
    func evhttpDidPresent(_ evhttpRequest: OpaquePointer) {
        self.evhttpRequest = evhttpRequest
        phase = .exchanging
        server.clearDeadline(of: self)
        guard let request else { return }
        let exchange = HTTPExchange(
            id: ExchangeID(slot: UInt32(slot), generation: generation), head: request.head, body: finishedBody,
            connection: self)
        finishedBody = .none
        self.exchange = exchange
        if let preset = presetReply {
            presetReply = nil
            exchange.reply(status: preset.status, headers: preset.headers, body: preset.body)
        } else {
            server.application.respond(to: exchange)
        }
        if phase == .exchanging { watchParkedPeer() }
    }

    /// Reading on while a request waits for its reply tells us when the peer is gone.
    private func watchParkedPeer() {
        guard pending.count <= server.settings.maxPipelinedBytes else { return }
        resumeReading()
    }

    /// Output is about to wait in the bufferevent: libevent calls us instead of evhttp, until evhttp takes its callbacks back.
    func takeCallbacks() {
        let owner = Unmanaged.passUnretained(self).toOpaque()
        bufferevent_setcb(bufferevent, nil, onOutputDrained, onOutputFailed, owner)
    }
}

/// libevent: the output is empty. Set only while `owner` has the bufferevent.
private func onOutputDrained(_ bufferevent: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().outputIsEmpty()
}

/// libevent: the socket is broken. Set only while `owner` has the bufferevent.
private func onOutputFailed(_ bufferevent: OpaquePointer?, _ what: Int16, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().free()
}
