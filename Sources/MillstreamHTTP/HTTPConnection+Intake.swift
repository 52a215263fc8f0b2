import CLibevent
import Glibc

// How a request comes in: head, the application's rule for its body, body. Each function takes what it can from `pending`
// and says whether it is worth going on.

extension HTTPConnection {
    /// Looks for the end of a head. True when the phase has changed.
    func takeHead() -> Bool {
        guard hasHeadBegun else { return false }
        if phase == .idle {
            phase = .readingHead
            scanner = HeadScanner()
            server.setDeadline(of: self, afterMs: server.settings.headTimeoutMs)
        }
        let settings = server.settings
        switch pending.withUnsafeBytes({ scanner.scan($0) }) {
        case .noLines:
            refuseUnread(.malformed("The request does not consist of lines ended by CR LF."))
        case .incomplete:
            guard pending.count > settings.maxHeadBytes else { return false }
            let isLongTarget = !scanner.hasRequestLine && scanner.emptyLineBytes == 0
            refuseUnread(isLongTarget ? .targetTooLong : .headTooLarge)
        case .complete(let count):
            guard count <= settings.maxHeadBytes else {
                refuseUnread(.headTooLarge)
                return true
            }
            pending.skip(scanner.emptyLineBytes)
            headIsComplete(pending.takeFirst(count - scanner.emptyLineBytes))
        }
        return true
    }

    /// One empty line does not end the idle time: some clients send it behind a POST's body and nothing for long. From the second
    /// on they count as the head of a request, in bytes and in time.
    private var hasHeadBegun: Bool {
        guard !pending.isEmpty else { return false }
        guard phase == .idle, pending.count <= 2 else { return true }
        return !pending.withUnsafeBytes { [ASCII.carriageReturn, ASCII.lineFeed].starts(with: $0) }
    }

    /// As evhttp keeps it from accept(2).
    private var peer: PeerAddress {
        guard let evhttpConnection, let address = evhttp_connection_get_addr(evhttpConnection) else { return .unknown }
        return PeerAddress(address)
    }

    private func headIsComplete(_ bytes: [UInt8]) {
        server.counters.requests &+= 1
        generation = server.takeGeneration()
        let parsed: ParsedRequest
        do throws(Refusal) {
            parsed = try server.parser.parse(bytes, remote: peer)
        } catch {
            return refuse(error, method: FirstWord(of: bytes))
        }
        request = parsed
        if parsed.asksToClose { ending = .closeAfterReply }
        do throws(Refusal) {
            try follow(server.application.route(parsed.head), for: parsed)
        } catch {
            refuse(error, head: parsed.head)
        }
    }

    /// Does what the application wants with the body.
    private func follow(_ rule: BodyRule, for parsed: ParsedRequest) throws(Refusal) {
        let hasNoBody = parsed.framing == .none || parsed.framing == .length(0)
        if case .refuse(let problem) = rule {
            guard hasNoBody else { return refuse(with: problem) }
            presetReply = problem
            return present()
        }
        if parsed.head.method == .post, parsed.framing == .none { throw .lengthRequired }
        switch rule {
        case .refuse: break
        case .none:
            guard hasNoBody else { throw .tooLarge(maxBytes: 0, nil) }
            present()
        case .buffer(let maxBytes, let contentTypes):
            if parsed.head.method != .get, parsed.head.method != .head {
                try checkContentType(of: parsed.head, allowed: contentTypes)
            }
            maxBodyBytes = maxBytes
            finishedBody = .bytes([])
            guard !hasNoBody else { return present() }
            try beginBody(parsed, phase: .readingBody, timeoutMs: server.settings.bodyTimeoutMs)
            if case .length(let count) = parsed.framing { body.reserveCapacity(min(count, 16 * 1_024)) }
        case .file(let maxBytes, let directory, let budget):
            try beginUpload(parsed, maxBytes: maxBytes, directory: directory, budget: budget)
        }
    }

    private func checkContentType(of head: RequestHead, allowed: [String]) throws(Refusal) {
        guard !allowed.isEmpty else { return }
        // What clients send most of the time needs no parser.
        if let sent = head.headers.onlyValue(of: "content-type"),
            allowed.contains(where: { ASCII.equalsIgnoringCase(sent, $0) })
        {
            return
        }
        let type = head.headers["content-type"].map { HeaderParameters($0).value }
        guard let type, head.headers.all("content-type").count == 1, allowed.contains(type) else {
            throw .contentType(allowed: allowed)
        }
    }

    private func beginBody(_ parsed: ParsedRequest, phase next: Phase, timeoutMs: Int) throws(Refusal) {
        let tooLarge = Refusal.tooLarge(maxBytes: maxBodyBytes, upload == nil ? .bodyBytes : .uploadBytes)
        switch parsed.framing {
        case .none: remainingBodyBytes = 0
        case .length(let count):
            guard count <= maxBodyBytes else { throw tooLarge }
            try upload?.expect(bodyBytes: count)
            remainingBodyBytes = count
        case .chunked: chunkedDecoder = ChunkedDecoder(maxBodyBytes: maxBodyBytes, tooLarge: tooLarge)
        }
        if parsed.expectsContinue, pending.isEmpty { try sendContinue() }
        phase = next
        bodyDeadline = server.setDeadline(of: self, afterMs: timeoutMs)
    }

    /// Straight to the socket: through the bufferevent it would run into evhttp's write callback. A socket that has no room
    /// for 25 bytes gets none; the client then sends its body after a while by itself.
    private func sendContinue() throws(Refusal) {
        let line: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
        let sent = millstream_send(descriptor, line.utf8Start, line.utf8CodeUnitCount)
        guard sent <= 0 || sent == line.utf8CodeUnitCount else { throw .bodyTimeout(.bodyTimeout) }
    }

    // MARK: Body in memory

    /// True when the body is complete or refused.
    func takeBody() -> Bool {
        do throws(Refusal) {
            try takeBodyBytes { (piece) throws(Refusal) in try keep(piece) }
        } catch {
            refuse(error, head: request?.head)
            return true
        }
        guard isBodyComplete else { return false }
        finishedBody = .bytes(body)
        body = []
        present()
        return true
    }

    private func keep(_ piece: UnsafeRawBufferPointer) throws(Refusal) {
        guard body.count + piece.count <= maxBodyBytes else { throw .tooLarge(maxBytes: maxBodyBytes, .bodyBytes) }
        guard server.claimBodyMemory(piece.count) else { throw .bodyMemory }
        accountedBodyBytes += piece.count
        body.append(contentsOf: piece)
    }

    var isBodyComplete: Bool {
        chunkedDecoder?.isDone ?? (remainingBodyBytes == 0)
    }

    /// Takes body bytes from `pending`, their transfer coding off.
    private func takeBodyBytes(_ piece: (UnsafeRawBufferPointer) throws(Refusal) -> Void) throws(Refusal) {
        guard !pending.isEmpty else { return }
        let taken: Result<Int, Refusal> = pending.withUnsafeBytes { bytes in
            do throws(Refusal) {
                if var decoder = chunkedDecoder {
                    let count = try decoder.decode(bytes, piece)
                    chunkedDecoder = decoder
                    return .success(count)
                }
                let count = min(bytes.count, remainingBodyBytes)
                try piece(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                remainingBodyBytes -= count
                return .success(count)
            } catch {
                return .failure(error)
            }
        }
        pending.skip(try taken.get())
    }

    // MARK: Body to a file

    private func beginUpload(
        _ parsed: ParsedRequest, maxBytes: Int, directory: String, budget: (any UploadBudget)?
    ) throws(Refusal) {
        guard server.counters.activeUploads < server.settings.maxUploads else { throw .tooManyUploads }
        let intake = try UploadIntake(
            key: UploadKey(slot: slot, generation: generation), directory: directory, maxBytes: maxBytes,
            budget: budget, contentType: parsed.head.headers["content-type"], lane: server.uploads)
        upload = intake
        server.counters.activeUploads += 1
        maxBodyBytes = intake.maxBodyBytes
        try beginBody(parsed, phase: .storingUpload, timeoutMs: server.settings.uploadTimeoutMs)
    }

    /// True when the body is complete or refused.
    func takeUpload() -> Bool {
        guard let upload else { return false }
        do throws(Refusal) {
            try takeBodyBytes { (piece) throws(Refusal) in try upload.take(piece) }
            if isBodyComplete { try upload.finish() }
        } catch {
            refuse(error, head: request?.head)
            return true
        }
        if isBodyComplete {
            phase = .finishingUpload
            // A client may close its sending side behind the body: the application hears of that when it has the request.
            pauseReading()
            server.clearDeadline(of: self)
            return true
        }
        if upload.bytesInFlight > server.settings.maxUploadBytesInFlight {
            pauseReading()
            server.setDeadline(of: self, at: bodyDeadline)
        } else {
            expectMoreOfUpload()
        }
        return false
    }

    /// The lane has written a piece: the peer may go on.
    func uploadDidWrite(byteCount: Int) {
        guard let upload else { return }
        upload.laneDidWrite(byteCount: byteCount)
        if phase == .storingUpload, upload.bytesInFlight <= server.settings.maxUploadBytesInFlight / 2 {
            expectMoreOfUpload()
        }
    }

    /// The peer's turn: it may neither pause for long nor take for ever.
    private func expectMoreOfUpload() {
        let pause = server.loop.now.advanced(byMs: server.settings.uploadStallTimeoutMs)
        server.setDeadline(of: self, at: min(bodyDeadline, pause))
        expectInput()
    }

    func uploadDidFinish(path: String) {
        guard let upload, phase == .finishingUpload else { return server.uploads.remove(path) }
        finishedBody = .file(upload.uploadedFile(path: path))
        endUpload(upload)
        present()
    }

    /// The disk refused: the application answers, and the rest of the body is not read.
    func uploadDidFail(_ failure: UploadFailure) {
        guard let upload, phase == .finishingUpload || phase == .storingUpload else { return }
        finishedBody = .failed(failure)
        if phase == .storingUpload {
            ending = .closeAfterReply
            pending.removeAll()
        }
        endUpload(upload)
        present()
    }

    private func endUpload(_ upload: UploadIntake) {
        upload.laneDidEnd()
        storedUpload = upload
        self.upload = nil
        server.counters.activeUploads -= 1
    }
}
