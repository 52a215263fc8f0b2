// A plain HTTP/1.1 client: one connection a request.

import Foundation
import MillstreamSSE

struct TestClient: Sendable {
    let port: UInt16

    func get(_ path: String, _ headers: [String: String] = [:]) throws -> TestResponse {
        try request("GET", path, headers)
    }

    func post(_ path: String, json: String, _ headers: [String: String] = [:]) throws -> TestResponse {
        try post(path, Array(json.utf8), headers)
    }

    /// As JSON, unless the headers say something else.
    func post(_ path: String, _ body: [UInt8], _ headers: [String: String] = [:]) throws -> TestResponse {
        var headers = headers
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        return try request("POST", path, headers, body: body)
    }

    func request(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) throws -> TestResponse {
        try begin(method, path, headers, body: body).response(toHead: method == "HEAD")
    }

    /// Sends a request and does not wait for the answer.
    func begin(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) throws -> TestConnection {
        let connection = try TestConnection(port: port)
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        try connection.send(Array((head + "\r\n").utf8) + (body ?? []))
        return connection
    }

    /// Posts a job and returns its object. `more` is further members, each with a comma before it.
    func create(_ kind: String, input: String = "{}", more: String = "") throws -> [String: Any] {
        let response = try post("/v1/jobs", json: "{\"kind\":\"\(kind)\",\"input\":\(input)\(more)}")
        guard response.status == 202 else { throw TestFailure("\(response.status) \(response.text)") }
        return response.object
    }

    /// Posts a job and returns its id.
    func start(_ kind: String, input: String = "{}", more: String = "") throws -> String {
        guard let id = try create(kind, input: input, more: more)["id"] as? String else {
            throw TestFailure("the job has no id")
        }
        return id
    }

    func job(_ id: String) throws -> [String: Any] {
        try get("/v1/jobs/\(id)").object
    }

    func state(_ id: String) throws -> String {
        try job(id)["state"] as? String ?? "none"
    }

    @discardableResult
    func give(_ id: String, input: String = "null") throws -> TestResponse {
        try post("/v1/jobs/\(id)/input", json: "{\"input\":\(input)}")
    }

    @discardableResult
    func cancel(_ id: String) throws -> TestResponse {
        try post("/v1/jobs/\(id)/cancel", json: "{}")
    }

    func stream(_ path: String, _ headers: [String: String] = [:]) throws -> TestStream {
        try TestStream(port: port, path: path, headers: headers)
    }

    /// The job's stream from its first event on, or after a cursor.
    func events(_ id: String, after cursor: String? = nil) throws -> TestStream {
        try stream("/v1/jobs/\(id)/events", cursor.map { ["Last-Event-ID": $0] } ?? [:])
    }
}
