// The calls of the contract that the commands make. Each is one request on one connection; none is repeated by itself,
// because only the caller knows whether that is safe. One thread.

import MillstreamJSON

/// A client of one server.
struct MillstreamClient {
    /// How long an answer may take; long polls do not occur here.
    static let timeoutMs = 30_000

    let address: ServerAddress
    var interrupt: Int32 = -1

    /// Posts a job. With the key, a repetition after a lost answer gives the same job.
    func submit(_ body: JSONText, idempotencyKey: String) throws(ClientFailure) -> JobSnapshot {
        let fields = [("Content-Type", "application/json"), ("Idempotency-Key", idempotencyKey)]
        return try JobSnapshot(
            json(HTTPCall.Request(method: "POST", path: "/v1/jobs", fields: fields, body: body.bytes)))
    }

    func job(_ id: String) throws(ClientFailure) -> JobSnapshot {
        try JobSnapshot(json(HTTPCall.Request(path: Self.path(of: id))))
    }

    func cancel(_ id: String) throws(ClientFailure) -> JobSnapshot {
        try JobSnapshot(json(HTTPCall.Request(method: "POST", path: Self.path(of: id) + "/cancel")))
    }

    /// One page of the list; `cursor` as the page before said.
    func jobs(_ query: [(String, String)]) throws(ClientFailure) -> JobPage {
        try JobPage(json(HTTPCall.Request(path: "/v1/jobs" + Self.queryText(query))))
    }

    /// Sends a file as a form with one part, so that the server learns its name. Returns the upload's id.
    func upload(_ file: LocalFile) throws(ClientFailure) -> String {
        // A boundary must not occur in the file; nobody can foresee 128 random bits (RFC 2046, section 5.1.1).
        let boundary = "millstream-" + String(UInt128.random(in: .min ... .max), radix: 36)
        let name = file.name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let opening = Array(
            ("--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n").utf8)
        let closing = Array("\r\n--\(boundary)--\r\n".utf8)
        let length = opening.count + file.byteCount + closing.count
        let request = HTTPCall.Request(
            method: "POST", path: "/v1/uploads",
            fields: [("Content-Type", "multipart/form-data; boundary=\(boundary)"), ("Content-Length", "\(length)")])
        let call = try HTTPCall(request, to: address, timeoutMs: Self.timeoutMs, interrupt: interrupt) {
            socket throws(ClientFailure) in
            try socket.send(opening)
            try file.forEachPiece { piece throws(ClientFailure) in try socket.send(piece) }
            try socket.send(closing)
        }
        guard let id = try Self.answer(of: call).member("id")?.stringValue else {
            throw .badAnswer("an upload without an id")
        }
        return id
    }

    /// Opens a stream.
    /// - Parameter cursor: sent as `Last-Event-ID`.
    func stream(_ path: String, cursor: String?) throws(ClientFailure) -> HTTPCall {
        var fields = [("Accept", "text/event-stream"), ("Cache-Control", "no-store")]
        if let cursor, !cursor.isEmpty { fields.append(("Last-Event-ID", cursor)) }
        return try HTTPCall(
            HTTPCall.Request(path: path, fields: fields), to: address, timeoutMs: Self.timeoutMs, interrupt: interrupt)
    }

    // MARK: Parts

    static func path(of id: String) -> String { "/v1/jobs/" + percentEncoded(id) }

    static func queryText(_ query: [(String, String)]) -> String {
        query.isEmpty ? "" : "?" + query.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
    }

    /// Everything but unreserved characters (RFC 3986, section 2.3).
    static func percentEncoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += hex.utf8.count < 2 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return result
    }

    private func json(_ request: HTTPCall.Request) throws(ClientFailure) -> JSONText {
        try Self.answer(of: HTTPCall(request, to: address, timeoutMs: Self.timeoutMs, interrupt: interrupt))
    }

    /// The body of a success as JSON; a refusal becomes a failure with its problem's words.
    private static func answer(of call: HTTPCall) throws(ClientFailure) -> JSONText {
        guard (200...299).contains(call.head.status) else { throw try refusal(of: call) }
        let body = try call.body()
        do throws(JSONSyntaxError) {
            return try JSONText(validating: body)
        } catch {
            throw .badAnswer("it is no JSON")
        }
    }

    /// What `application/problem+json` says (RFC 9457), or the status alone.
    static func refusal(of call: HTTPCall) throws(ClientFailure) -> ClientFailure {
        let body = try call.body(maxBytes: 1 << 20)
        let problem = try? JSONText(validating: body)
        var text = [problem?.member("title")?.stringValue, problem?.member("detail")?.stringValue]
            .compactMap(\.self).joined(separator: ": ")
        for fault in problem?.member("errors")?.elements() ?? [] {
            // Many a detail is the one fault's message already.
            guard let message = fault.member("message")?.stringValue, !text.contains(message) else { continue }
            text += "; " + [fault.member("field")?.stringValue, message].compactMap(\.self).joined(separator: " ")
        }
        return .refused(status: call.head.status, text: text.isEmpty ? "without a word why" : text)
    }
}
