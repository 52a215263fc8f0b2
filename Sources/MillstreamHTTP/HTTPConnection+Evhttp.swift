import CLibevent

// How a request passes through evhttp, and who answers libevent's callbacks meanwhile.

extension HTTPConnection {
    /// Shows evhttp one whole request; it calls `evhttpDidPresent` before this tick is over. Of the request that came it only
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
        let input = bufferevent_get_input(bufferevent)
        isPushing = true
        // Input is frozen outside of a read, so that nobody adds to it by mistake.
        evbuffer_unfreeze(input, 0)
        evbuffer_add(input, line.utf8Start, line.utf8CodeUnitCount)
        if !isInsideRead { evbuffer_freeze(input, 0) }
        isPushing = false
        // Inside a read, libevent calls evhttp right after us.
        if !isInsideRead { bufferevent_trigger(bufferevent, Int16(EV_READ), 0) }
    }

    /// evhttp has parsed our request and hands it to the application.
    func evhttpDidPresent(_ evhttpRequest: OpaquePointer) {
        self.evhttpRequest = evhttpRequest
        takeCallbacks()
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

    /// evhttp reads nothing while a request waits for its reply. Reading on tells us when the peer is gone.
    private func watchParkedPeer() {
        guard !hasPeerClosed, pending.count <= server.settings.maxPipelinedBytes else { return }
        bufferevent_enable(bufferevent, Int16(EV_READ))
    }

    /// From now on libevent calls us instead of evhttp.
    func takeCallbacks() {
        let owner = Unmanaged.passUnretained(self).toOpaque()
        bufferevent_setcb(bufferevent, nil, onOutputDrained, onBufferFailure, owner)
    }

    /// End of file or an error, while the callbacks are ours.
    fileprivate func bufferDidFail(what: Int32) {
        let isEndOfInput = what & BEV_EVENT_EOF != 0 && what & BEV_EVENT_READING != 0
        guard isEndOfInput else { return free() }
        hasPeerClosed = true
        switch phase {
        // A client may close its sending side and wait for the reply.
        case .exchanging: server.application.peerDidLeave(ExchangeID(slot: UInt32(slot), generation: generation))
        case .writing, .flushing: break
        default: free()
        }
    }
}

/// libevent: the output is empty. Set only while `owner` has the bufferevent.
private func onOutputDrained(_ bufferevent: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().outputIsEmpty()
}

/// libevent: end of file, error or timeout. Set only while `owner` has the bufferevent.
private func onBufferFailure(_ bufferevent: OpaquePointer?, _ what: Int16, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().bufferDidFail(what: Int32(what))
}
