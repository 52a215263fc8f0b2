import MillstreamLoop

// One body on its way to a file, as the loop sees it: it counts, takes multipart/form-data apart, gathers pieces and hands
// them to the lane. It never touches the file. Loop thread only.

final class UploadIntake {
    enum State {
        case receiving
        /// All bytes came; waits for the lane's last report.
        case finishing
        case ended
    }

    private static let pieceBytes = 64 * 1_024

    let key: UploadKey
    private(set) var state = State.receiving
    /// Bytes that the lane has and has not written yet.
    private(set) var bytesInFlight = 0
    /// Bytes of the file so far.
    private(set) var byteCount = 0

    private let maxBytes: Int
    private var claim: UploadClaim?
    private let lane: UploadLane
    private let file: UploadFile
    private let requestContentType: String?
    private var multipart: MultipartFileDecoder?
    private var gathered: [UInt8] = []

    init(
        key: UploadKey, directory: String, maxBytes: Int, budget: (any UploadBudget)?, contentType: String?,
        lane: UploadLane
    ) throws(Refusal) {
        self.key = key
        claim = budget.map { UploadClaim(on: $0) }
        self.maxBytes = maxBytes
        self.lane = lane
        file = UploadFile(key: key, directory: directory)
        requestContentType = contentType
        guard let contentType, HeaderParameters(contentType).value == "multipart/form-data" else { return }
        guard let decoder = MultipartFileDecoder(contentType: contentType) else {
            throw .malformed("The multipart/form-data body has no proper boundary.")
        }
        multipart = decoder
    }

    /// What a declared length may be at most: delimiters and part headers do not count as the file.
    var maxBodyBytes: Int {
        multipart == nil ? maxBytes : min(maxBytes, Int.max / 2) + 128 * 1_024
    }

    /// The body will have this many bytes: room for all of them is claimed before the first comes. A form's delimiters are not
    /// part of the file, so of a form room is claimed as the file comes.
    func expect(bodyBytes: Int) throws(Refusal) {
        guard multipart == nil else { return }
        try claim?.grow(to: bodyBytes)
    }

    /// The room belongs to nobody, or to whoever counts the file from now on.
    func releaseClaim() {
        claim?.release()
    }

    /// Bytes of the body, its transfer coding taken off.
    func take(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        if multipart != nil {
            // Taken out and put back: the piece closure changes the rest of this object.
            var decoder = multipart
            multipart = nil
            try decoder?.push(bytes) { (piece) throws(Refusal) in try store(piece) }
            multipart = decoder
        } else {
            try store(bytes)
        }
    }

    /// The body is complete.
    func finish() throws(Refusal) {
        try multipart?.finish()
        flush()
        state = .finishing
        lane.finish(file)
    }

    /// Gives up; the file is removed.
    func discard() {
        guard state != .ended else { return }
        state = .ended
        lane.discard(file)
    }

    func laneDidWrite(byteCount: Int) {
        bytesInFlight -= byteCount
    }

    /// The lane's last report came; the file now belongs to the exchange, or there is none.
    func laneDidEnd() {
        state = .ended
    }

    func uploadedFile(path: String) -> UploadedFile {
        UploadedFile(
            path: path, byteCount: byteCount,
            contentType: multipart == nil ? requestContentType : multipart?.contentType, fileName: multipart?.fileName)
    }

    private func store(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
        byteCount += bytes.count
        guard byteCount <= maxBytes else { throw .tooLarge(maxBytes: maxBytes, .uploadBytes) }
        try claim?.grow(to: byteCount)
        gathered.append(contentsOf: bytes)
        if gathered.count >= Self.pieceBytes { flush() }
    }

    private func flush() {
        guard !gathered.isEmpty else { return }
        bytesInFlight += gathered.count
        lane.write(gathered, to: file)
        gathered = []
        gathered.reserveCapacity(Self.pieceBytes)
    }
}
