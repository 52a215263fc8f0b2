import CLibevent
import Glibc
import MillstreamLoop

// One connection while it is evhttp's: the guard in front of it. The guard alone reads the socket; evhttp's bufferevent
// never does. It checks the head, collects the body, and only then shows evhttp one small request of its own making, so
// that evhttp never parses what a peer wrote. libevent writes what a socket does not take at once; its callbacks are ours
// meanwhile. The connection ends in exactly one place, `evhttpIsClosing`. Loop thread only.

final class HTTPConnection {
    enum Phase {
        /// libevent's part is made, evhttp's is not known yet.
        case newborn
        /// Past the connection limit: any byte gets 503, unless it comes with the server's pass.
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
    @exclusivity(unchecked) var pending = ByteQueue()
    @exclusivity(unchecked) var scanner = HeadScanner()
    @exclusivity(unchecked) var request: ParsedRequest?
    /// Names the request in hand; new for each one.
    var generation: UInt32 = 0
    @exclusivity(unchecked) var body: [UInt8] = []
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
    @exclusivity(unchecked) var finishedBody = RequestBody.none
    /// A refusal by the application that is answered like any reply, because no body follows.
    @exclusivity(unchecked) var presetReply: ProblemReply?
    @exclusivity(unchecked) var exchange: HTTPExchange?

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

    /// Number of the socket's registration in the epoll set; 0 while it is not in it.
    var registration: UInt32 = 0
    /// Reading waits until the request in hand is answered.
    var isHeldBack = false
    private let silence: SilencedReading

    /// `bufferevent` is silenced.
    init(server: HTTPServer, slot: Int, bufferevent: OpaquePointer, silence: SilencedReading) {
        self.server = server
        self.slot = slot
        self.bufferevent = bufferevent
        self.silence = silence
        // Our own reference: the pointer stays good whatever evhttp does.
        bufferevent_incref(bufferevent)
    }

    deinit {
        silence.remove(bufferevent)
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

    /// A request's head has come, and its answer has not left with everything that the peer sent.
    var isInExchange: Bool {
        switch phase {
        case .newborn, .excess, .idle, .readingHead, .closed: false
        case .readingBody, .storingUpload, .finishingUpload, .presenting, .exchanging, .writing, .flushing, .lingering:
            true
        }
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
        // The set forgets the socket when evhttp closes it.
        registration = 0
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

/// evhttp: the connection is about to be freed. The server keeps `owner` until this has returned.
private func onEvhttpClose(_ connection: OpaquePointer?, _ owner: UnsafeMutableRawPointer?) {
    guard let owner else { return }
    Unmanaged<HTTPConnection>.fromOpaque(owner).takeUnretainedValue().evhttpIsClosing()
}
