import CLibevent
import Glibc
import MillstreamLoop

// The HTTP side of a process: evhttp, the listeners, the connections that have not graduated, and one coarse clock for all
// their deadlines. It knows no routes and no JSON: the application decides, the connections do. Loop thread only.
//
// Here and in what a request goes through, fields that are touched many times an open are exempt from the run-time check of
// exclusive access, which was a tenth of an open's instructions: one thread, and no access to them calls out.

/// An HTTP/1.1 server on a loop. Loop-confined.
public final class HTTPServer {
    /// Streams that began as exchanges of this server.
    public let streams: StreamTable
    public let settings: HTTPServerSettings

    /// Bytes that nobody else knows: a connection that begins with a piece that holds them is served past the limit.
    public var pass: [UInt8] = []

    unowned let application: HTTPApplication
    let loop: EventLoop
    let parser: RequestHeadParser
    let replyText = ReplyText()
    let uploads: UploadLane
    let silence: SilencedReading
    /// Put over the sockets of graduated streams for evhttp to close.
    let nullDescriptor: Int32
    @exclusivity(unchecked) var counters = HTTPMetrics()
    /// The connection whose request evhttp is about to hand to us.
    var presented: HTTPConnection?
    private(set) var isDraining = false
    /// Accepting pauses.
    private var isFull = false

    private var evhttp: OpaquePointer?
    var listeners: [Listener] = []
    @exclusivity(unchecked) var connections: [HTTPConnection?] = []
    @exclusivity(unchecked) var freeSlots: [Int] = []
    @exclusivity(unchecked) var deadlines = DeadlineTable()
    var deadlineTimer: LoopTimer?
    var isWatchingDeadlines = false
    @exclusivity(unchecked) var newborns: [HTTPConnection] = []
    private var toAdvance: [HTTPConnection] = []
    private var toClose: [HTTPConnection] = []
    private(set) var deferredWork: DeferredCall?
    private var nextGeneration: UInt32 = 0

    /// The others wait in the listener's backlog: to accept one and to answer its request may take 50 us, in which no stream gets anything.
    static let maxAcceptedPerTick = 8
    /// This tick has accepted so many.
    var hasAcceptedEnough = false

    /// `application` is not retained and must outlive the server.
    public init(
        loop: EventLoop, settings: HTTPServerSettings = HTTPServerSettings(), application: HTTPApplication
    ) throws(HTTPServerError) {
        self.loop = loop
        self.settings = settings
        self.application = application
        parser = RequestHeadParser(maxTargetBytes: settings.maxTargetBytes, maxHeaderFields: settings.maxHeaderFields)
        streams = try StreamTable(loop: loop, settings: settings)
        silence = try SilencedReading(loop: loop)
        do throws(LoopError) {
            uploads = try UploadLane(maxUploads: settings.maxUploads)
        } catch {
            throw .outOfResources
        }
        nullDescriptor = millstream_open_null()
        guard nullDescriptor >= 0, let evhttp = evhttp_new(loop.base) else { throw .outOfResources }
        self.evhttp = evhttp
        setUp(evhttp)
        deferredWork = loop.deferred { [unowned self] in doDeferredWork() }
        streams.connectionIsReadable = { [weak self] tag in self?.connectionIsReadable(tag) }
        streams.countDidChange = { [weak self] in self?.checkCapacity() }
        loop.atTickEnd(.settle) { [weak self] in self?.endAccepting(false) }
        uploads.reports.attach(to: loop) { [weak self] reports in self?.take(reports) }
    }

    deinit {
        close()
        Glibc.close(nullDescriptor)
    }

    // MARK: For the application

    /// Starts to listen; can be called for several addresses. Returns the address with the port that was really taken.
    /// A host name is looked up right here, so call it before the loop runs.
    public func listen(on address: ListenAddress) throws(HTTPServerError) -> ListenAddress {
        let socket = try ListeningSocket(address, settings: settings)
        try listen(on: socket)
        return socket.address
    }

    /// Serves who waits at the socket, and who comes.
    public func listen(on socket: ListeningSocket) throws(HTTPServerError) {
        loop.assertOnLoop()
        guard let evhttp else { throw .cannotListen(socket.address, errorNumber: ESHUTDOWN) }
        let listener = try Listener(socket, loop: loop, evhttp: evhttp) { [unowned self] in
            counters.acceptFailures &+= 1
        }
        listeners.append(listener)
        listener.pauseWhileFull(isFull)
    }

    /// The exchange of that name, unless it was answered or its connection is gone.
    public func exchange(_ id: ExchangeID) -> HTTPExchange? {
        loop.assertOnLoop()
        guard let connection = connection(slot: Int(id.slot), generation: id.generation) else { return nil }
        return connection.exchange
    }

    /// Counters and gauges as of now.
    public var metrics: HTTPMetrics {
        var metrics = counters
        metrics.invalidReplyHeaders = replyText.invalidHeaders
        return metrics
    }

    /// Stops listening, closes connections on which nothing goes on, and every other one after its answer. Streams stay.
    public func beginDrain() {
        loop.assertOnLoop()
        isDraining = true
        stopListening()
        settleNewborns()
        for case let connection? in connections {
            // Its next request may have come already.
            if connection.phase == .idle { connection.readInput() }
            if connection.phase == .idle || connection.phase == .excess { connection.free() }
        }
    }

    /// Whether requests whose heads have come are not answered yet, or answers have not wholly left. Looks at all connections.
    public var hasExchanges: Bool {
        connections.contains { $0?.isInExchange == true }
    }

    /// Ends everything at once: listeners, connections and streams.
    public func close() {
        guard let evhttp else { return }
        stopListening()
        streams.closeAll()
        self.evhttp = nil
        settleNewborns()
        for case let connection? in connections { connection.free() }
        evhttp_free(evhttp)
        deadlineTimer?.cancel()
        deferredWork?.cancel()
        // What still waits holds this server.
        toAdvance = []
        toClose = []
        presented = nil
        uploads.reports.close()
    }

    private func stopListening() {
        for listener in listeners {
            if let evhttp, let bound = listener.retire() { evhttp_del_accept_socket(evhttp, bound) }
        }
        listeners = []
    }

    // MARK: Connections

    /// The accept callback is over: evhttp's half of the new connections is known. Most peers have sent their heads by now.
    private func settleNewborns() {
        let settling = newborns
        newborns.removeAll(keepingCapacity: true)
        for (index, connection) in settling.enumerated() {
            // Those behind this one are counted already, and must not take its place.
            let others = settling.count - 1 - index
            let isExcess = counters.openConnections - others + streams.count > settings.maxConnections
            guard connection.settle(phase: isExcess ? .excess : .idle) else {
                remove(connection)
                continue
            }
            if isExcess { counters.didReach(.connections) }
            setDeadline(of: connection, afterMs: isExcess ? settings.lingerTimeoutMs : settings.idleTimeoutMs)
            if evhttp != nil { connection.readInput() }
        }
    }

    func remove(_ connection: HTTPConnection) {
        guard connections[connection.slot] === connection else { return }
        connections[connection.slot] = nil
        deadlines.clear(connection.slot)
        freeSlots.append(connection.slot)
        counters.closed &+= 1
        counters.openConnections -= 1
        checkCapacity()
    }

    func takeGeneration() -> UInt32 {
        nextGeneration &+= 1
        // 0 names nothing.
        if nextGeneration == 0 { nextGeneration = 1 }
        return nextGeneration
    }

    private func connection(slot: Int, generation: UInt32) -> HTTPConnection? {
        guard connections.indices.contains(slot), let connection = connections[slot],
            connection.generation == generation
        else { return nil }
        return connection
    }

    func checkCapacity() {
        let most = settings.maxConnections + HTTPServerSettings.excessConnections
        let isFull = counters.openConnections + streams.count >= most
        guard isFull != self.isFull else { return }
        self.isFull = isFull
        for listener in listeners { listener.pauseWhileFull(isFull) }
    }

    /// The set: a connection has input, or its end.
    private func connectionIsReadable(_ tag: ConnectionTag) {
        guard connections.indices.contains(tag.slot), let connection = connections[tag.slot],
            connection.registration == tag.generation
        else { return }
        connection.readInput()
    }

    // MARK: Deferred work

    /// Goes on with the bytes behind an answered request, outside of evhttp's call.
    func requestAdvance(of connection: HTTPConnection) {
        toAdvance.append(connection)
        deferredWork?.request()
    }

    func requestClose(of connection: HTTPConnection) {
        toClose.append(connection)
        deferredWork?.request()
    }

    private func doDeferredWork() {
        settleNewborns()
        let advancing = toAdvance
        toAdvance.removeAll(keepingCapacity: true)
        for connection in advancing { connection.advance() }
        let closing = toClose
        toClose.removeAll(keepingCapacity: true)
        for connection in closing { connection.free() }
    }

    private func take(_ reports: ContiguousArray<UploadReport>) {
        for report in reports {
            switch report {
            case .written(let key, let byteCount):
                connection(slot: key.slot, generation: key.generation)?.uploadDidWrite(byteCount: byteCount)
            case .finished(let key, let path):
                if let connection = connection(slot: key.slot, generation: key.generation) {
                    connection.uploadDidFinish(path: path)
                } else {
                    uploads.remove(path)
                }
            case .failed(let key, let failure):
                connection(slot: key.slot, generation: key.generation)?.uploadDidFail(failure)
            }
        }
    }
}
