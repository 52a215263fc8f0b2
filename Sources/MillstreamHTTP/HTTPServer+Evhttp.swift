import CLibevent

// What evhttp is told at the start, and what it calls back: a bufferevent for each connection that it accepts, and each request that the
// guard has shown it. Loop thread only.

extension HTTPServer {
    func setUp(_ evhttp: OpaquePointer) {
        let owner = Unmanaged.passUnretained(self).toOpaque()
        evhttp_set_bevcb(evhttp, onAccept, owner)
        evhttp_set_gencb(evhttp, onRequest, owner)
        // evhttp only ever sees requests that the guard has written: its own limits must never speak first.
        evhttp_set_allowed_methods(evhttp, UInt16.max)
        evhttp_set_max_headers_size(evhttp, -1)
        evhttp_set_max_body_size(evhttp, -1)
        evhttp_set_default_content_type(evhttp, nil)
    }

    /// evhttp is making a connection.
    fileprivate func makeBufferevent() -> OpaquePointer? {
        guard let bufferevent = bufferevent_socket_new(loop.base, -1, 0) else { return nil }
        // Enabled by default, and evhttp disables it only after the socket is registered: two epoll_ctl for nothing.
        bufferevent_disable(bufferevent, Int16(EV_WRITE))
        guard silence.add(bufferevent) else {
            bufferevent_free(bufferevent)
            return nil
        }
        // Frozen outside of libevent's reads, so that nobody adds to it by mistake: here the guard does, and libevent never.
        evbuffer_unfreeze(bufferevent_get_input(bufferevent), 0)
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count {
            connections.append(nil)
        }
        let connection = HTTPConnection(server: self, slot: slot, bufferevent: bufferevent, silence: silence)
        connections[slot] = connection
        counters.accepted &+= 1
        counters.openConnections += 1
        newborns.append(connection)
        deferredWork?.request()
        if newborns.count == Self.maxAcceptedPerTick { endAccepting(true) }
        checkCapacity()
        return bufferevent
    }

    /// evhttp hands over the request that the guard showed it.
    fileprivate func requestDidArrive(_ request: OpaquePointer) {
        let connection = presented
        presented = nil
        let evhttpConnection = evhttp_request_get_connection(request)
        guard let connection, connection.evhttpConnection == evhttpConnection else {
            // Cannot happen while every byte goes through the guard; a request that did not is not answered.
            if let evhttpConnection { evhttp_connection_free(evhttpConnection) }
            return
        }
        connection.evhttpDidPresent(request)
    }
}

/// evhttp: a connection was accepted and needs its bufferevent. The server outlives its evhttp.
private func onAccept(_ base: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) -> OpaquePointer? {
    guard let owner else { return nil }
    return Unmanaged<HTTPServer>.fromOpaque(owner).takeUnretainedValue().makeBufferevent()
}

/// evhttp: a request is complete. The server outlives its evhttp.
private func onRequest(_ request: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) {
    guard let request, let owner else { return }
    Unmanaged<HTTPServer>.fromOpaque(owner).takeUnretainedValue().requestDidArrive(request)
}
