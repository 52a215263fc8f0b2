// One request and its one answer, for the application. It hides evhttp's life-cycle: whatever happened to the connection,
// every call here is safe, and an answer to nobody is no error. Loop thread only; other threads hold its id.

/// A request that waits for its answer.
public final class HTTPExchange {
    /// Names the exchange across threads; see `HTTPServer.exchange(_:)`.
    public let id: ExchangeID
    public let head: RequestHead
    /// The body by the rule that `route` gave.
    public let requestBody: RequestBody

    private var connection: HTTPConnection?
    private var isUploadTaken = false
    private let uploads: UploadLane

    init(id: ExchangeID, head: RequestHead, body: RequestBody, connection: HTTPConnection) {
        self.id = id
        self.head = head
        requestBody = body
        self.connection = connection
        uploads = connection.server.uploads
    }

    deinit {
        if case .file(let file) = requestBody, !isUploadTaken { uploads.remove(file.path) }
    }

    /// The body in memory; empty when there is none or it is a file.
    public var body: [UInt8] {
        if case .bytes(let bytes) = requestBody { bytes } else { [] }
    }

    /// The file of the body, which is the caller's from now on; nil when there is none or it was taken.
    public func takeUpload() -> UploadedFile? {
        guard case .file(let file) = requestBody, !isUploadTaken else { return nil }
        isUploadTaken = true
        connection?.storedUpload?.releaseClaim()
        return file
    }

    /// True until the exchange is answered or its connection is gone.
    public var isOpen: Bool { connection != nil }

    /// Answers with `block`, `headers` and `more`. Date and Content-Length are added; with HEAD, 204 and 304 only the head is sent.
    /// `Connection: close` among the headers closes the connection afterwards. A header with forbidden characters is left out and counted. Nothing
    /// happens when the exchange was answered or the peer is gone.
    public func reply(
        status: Int, block: HeaderBlock? = nil, headers: [(String, String)], more: [(String, String)] = [],
        body: [UInt8] = []
    ) {
        connection?.reply(status: status, block: block, headers: headers, more: more, body: body)
    }

    /// Answers with 200 and a stream. Content-Type and the like come from `block` and `headers`; framing, Date and `Connection: close`
    /// are added. Returns nil when the exchange was answered, the peer is gone, or no descriptor was left (then the peer
    /// got 503). With HEAD the answer is the head alone, and nil.
    public func beginStream(_ block: HeaderBlock, headers: [(String, String)] = []) -> StreamID? {
        guard let connection else { return nil }
        guard head.method != .head else {
            connection.replyWithStreamHead(block, headers)
            return nil
        }
        return connection.beginStream(block, headers: headers)
    }

    func connectionDidEnd() {
        connection = nil
    }
}
