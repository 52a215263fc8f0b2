import CLibevent
import Glibc
import MillstreamLoop

// One connection while it is evhttp's: the guard in front of it. The bytes that libevent reads are moved out of evhttp's
// sight at once; the guard checks the head, collects the body, and only then shows evhttp one small request of its own
// making, so that evhttp never parses what a peer wrote. Who answers libevent's callbacks changes with the phase: evhttp
// while a request is read, the guard from the moment the application has it, since evhttp calls exit(1) when it is asked
// to read then. The connection ends in exactly one place, `evhttpIsClosing`. Loop thread only.

final class HTTPConnection {
    enum Phase {
        /// libevent's part is made, evhttp's is not known yet.
        case newborn
        /// Past the connection limit: any byte gets 503.
        case excess
        case idle
        case readingHead
        case readingBody
        case storingUpload
        /// The last bytes of an upload are with the lane.
        case finishingUpload
        /// evhttp is about to call back with our own request.
        case presenting
        /// The application has the request.
        case exchanging
        /// A reply that did not fit into the socket is with the bufferevent; the connection goes on afterwards.
        case writing
        /// The last output of the connection is with the bufferevent.
        case flushing
        /// The write side is shut down; what comes is dropped until the peer closes.
        case lingering
        case closed
    }

    let server: HTTPServer
    let slot: Int
    let bufferevent: OpaquePointer
    var phase = Phase.newborn
    /// evhttp's object; nil before it is known and after it is freed.
    var evhttpConnection: OpaquePointer?
    /// evhttp's request while the application has it.
    var evhttpRequest: OpaquePointer?
    var descriptor: Int32 = -1

    /// Bytes that came and were not taken yet.
    var pending = ByteQueue()
    var scanner = HeadScanner()
    var request: ParsedRequest?
    /// Names the request in hand; new for each one.
    var generation: UInt32 = 0
    var body: [UInt8] = []
    var maxBodyBytes = 0
    var remainingBodyBytes = 0
    /// When the whole body must be there.
    var bodyDeadline = MonotonicTime.never
    var chunkedDecoder: ChunkedDecoder?
    /// The part of the server's body memory that this connection uses.
    var accountedBodyBytes = 0
    var upload: UploadIntake?
    /// Its file is complete and still holds its room, until it is taken or the exchange ends.
    var storedUpload: UploadIntake?
    /// The body as the application will get it.
    var finishedBody = RequestBody.none
    /// A refusal by the application that is answered like any reply, because no body follows.
    var presetReply: ProblemReply?
    var exchange: HTTPExchange?

    /// What the peer may still get.
    enum Ending {
        case keepAlive
        case closeAfterReply
    }
    var ending = Ending.keepAlive
    var hasPeerClosed = false
    /// Output that waited at the last look, to tell a slow peer from a stalled one.
    var lastOutputBytes = 0
    var lingerBytes = 0

    private var inputWatch: OpaquePointer?
    var isInsideRead = false
    var isPushing = false

    init(server: HTTPServer, slot: Int, bufferevent: OpaquePointer) {
        self.server = server
        self.slot = slot
        self.bufferevent = bufferevent
        // Our own reference: the pointer stays good whatever evhttp does.
        bufferevent_incref(bufferevent)
        let owner = Unmanaged.passUnretained(self).toOpaque()
        inputWatch = evbuffer_add_cb(bufferevent_get_input(bufferevent), onInputChange, owner)
    }

    deinit {
        bufferevent_decref(bufferevent)
    }

    /// evhttp has made its connection around our bufferevent, or has failed to. Called right after the accept callback.
    /// False when there is nothing to serve.
    func settle(phase first: Phase) -> Bool {
        var read: bufferevent_data_cb?
        var argument: UnsafeMutableRawPointer?
        bufferevent_getcb(bufferevent, &read, nil, nil, &argument)
        guard let argument, read != nil else { return false }
        let connection = OpaquePointer(argument)
        evhttpConnection = connection
        evhttp_connection_set_closecb(connection, onEvhttpClose, Unmanaged.passUnretained(self).toOpaque())
        descriptor = bufferevent_getfd(bufferevent)
        phase = first
        return true
    }

    // MARK: Input

    /// libevent has read from the socket.
    fileprivate func inputDidArrive() {
        guard !isPushing else { return }
        let input = bufferevent_get_input(bufferevent)
        let count = evbuffer_get_length(input)
        guard count > 0 else { return }
        if phase == .newborn { server.settleNewborns() }
        server.counters.bytesIn &+= UInt64(count)
        switch phase {
        case .flushing, .lingering, .closed, .newborn:
            lingerBytes += count
            evbuffer_drain(input, count)
            if lingerBytes > server.settings.maxLingerBytes { server.requestClose(of: self) }
        default:
            if let bytes = evbuffer_pullup(input, -1) {
                pending.append(UnsafeRawBufferPointer(start: bytes, count: count))
            }
            evbuffer_drain(input, count)
            isInsideRead = true
            advance()
            isInsideRead = false
        }
    }

    /// Goes on with what is in `pending`, as far as the phase allows.
    func advance() {
        while true {
            switch phase {
            case .excess:
                refuse(.tooManyConnections, head: nil)
            case .idle, .readingHead:
                guard takeHead() else { return }
            case .readingBody:
                guard takeBody() else { return }
            case .storingUpload:
                guard takeUpload() else { return }
            case .finishingUpload, .presenting, .exchanging, .writing:
                boundPipelining()
                return
            case .newborn, .flushing, .lingering, .closed:
                return
            }
        }
    }

    /// Requests behind the one in hand wait here; past the bound, in the kernel.
    private func boundPipelining() {
        guard pending.count > server.settings.maxPipelinedBytes, phase != .presenting else { return }
        if Int32(bufferevent_get_enabled(bufferevent)) & EV_READ != 0 { server.counters.didReach(.pipelinedBytes) }
        bufferevent_disable(bufferevent, Int16(EV_READ))
    }

    // MARK: End

    /// Ends the connection at once; evhttp frees its objects and closes the socket.
    func free() {
        guard let connection = evhttpConnection else { return }
        evhttp_connection_free(connection)
    }

    /// evhttp frees its connection, for whatever reason: the one place where a connection ends. A request that is still
    /// attached is freed by evhttp right after this.
    fileprivate func evhttpIsClosing() {
        let abandoned = exchange?.id
        let request = evhttpRequest
        evhttpConnection = nil
        evhttpRequest = nil
        phase = .closed
        if let inputWatch { evbuffer_remove_cb_entry(bufferevent_get_input(bufferevent), inputWatch) }
        inputWatch = nil
        // Detached by evhttp on end of file or error: it is ours then.
        if let request, evhttp_request_get_connection(request) == nil { evhttp_request_free(request) }
        endExchange()
        server.remove(self)
        if let abandoned { server.application.peerDidLeave(abandoned) }
    }

    /// Gives back what the request in hand used.
    func endExchange() {
        exchange?.connectionDidEnd()
        exchange = nil
        request = nil
        body = []
        presetReply = nil
        chunkedDecoder = nil
        finishedBody = .none
        server.releaseBodyMemory(accountedBodyBytes)
        accountedBodyBytes = 0
        storedUpload?.releaseClaim()
        storedUpload = nil
        if let upload {
            upload.discard()
            upload.releaseClaim()
            self.upload = nil
            server.counters.activeUploads -= 1
        }
    }
}

/// libevent: bytes were added to or taken from the input. `owner` removes this callback before it goes.
private func onInputChange(
    _ buffer: OpaquePointer?, _ info: UnsafePointer<evbuffer_cb_info>?, _ owner: UnsafeMutableRawPointer?
) {
    guard let owner, let info, info.pointee.n_added > 0 else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().inputDidArrive()
}

/// evhttp: the connection is about to be freed. The server keeps `owner` until this has returned.
private func onEvhttpClose(_ connection: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().evhttpIsClosing()
}
