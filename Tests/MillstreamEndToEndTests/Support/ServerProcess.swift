// A real `millstream serve` in a process of its own, with a data directory and a port of its own.

import Foundation

/// Starts, kills and restarts the server under test. The data directory goes with the object. For one thread at a time.
final class ServerProcess {
    /// The binary that `swift build` made, or the one named by MILLSTREAM_BINARY.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["MILLSTREAM_BINARY"] { return URL(fileURLWithPath: path) }
        return packageRoot.appendingPathComponent(".build/debug/millstream")
    }()

    static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    let files: TemporaryDirectory
    /// Where its journal is; inside `files` unless the test chose another place.
    let data: URL
    var port: UInt16 { keptPort.number }
    private let keptPort: KeptPort
    private var process: ChildProcess?
    private let arguments: [String]
    private let environment: [String: String]

    /// `configuration` is the text of a YAML file; kinds that it declares find their programs beside it, among `files`.
    init(
        _ arguments: [String] = ["--demo"], configuration: String? = nil, files texts: [String: String] = [:],
        data: URL? = nil, environment: [String: String] = [:]
    ) throws {
        files = try TemporaryDirectory()
        keptPort = try KeptPort()
        self.data = data ?? files.file("data")
        self.environment = environment
        for (name, text) in texts { try files.write(name, text) }
        var arguments = arguments
        if let configuration {
            arguments += ["--config", try files.write("millstream.yaml", configuration).path]
        }
        self.arguments = arguments
        try start()
    }

    deinit {
        kill9()
    }

    var client: TestClient { TestClient(port: port) }
    var pid: Int32 { process?.pid ?? 0 }
    var isRunning: Bool { process?.isRunning ?? false }
    /// What it wrote to standard error so far.
    var log: String { String(decoding: (try? Data(contentsOf: files.file("server.log"))) ?? Data(), as: UTF8.self) }

    /// Starts it (again), always on the same port.
    func start() throws {
        let process = try ChildProcess(
            Self.binary.path, ["serve", "--port", "\(port)", "--data", data.path] + arguments,
            environment: environment, output: .pipe, errors: files.file("server.log"))
        let line = try process.readLine()
        guard let line, line.contains(" listening on http://"), line.hasSuffix(":\(port)") else {
            process.signal(SIGKILL)
            let status = try process.waitForExit()
            throw TestFailure("no ready line but \(line ?? "the end"); status \(status); log:\n\(log)")
        }
        self.process = process
    }

    /// A start that must fail: its exit status and what it wrote to standard error.
    static func refusedStart(
        _ arguments: [String] = [], configuration: String? = nil, data: URL? = nil, environment: [String: String] = [:]
    ) throws -> FinishedProgram {
        let files = try TemporaryDirectory()
        var arguments = ["serve", "--port", "0", "--data", (data ?? files.file("data")).path] + arguments
        if let configuration {
            arguments += ["--config", try files.write("millstream.yaml", configuration).path]
        }
        return try FinishedProgram.run(binary.path, arguments, environment: environment, withinSeconds: 120)
    }

    func kill9() {
        process?.signal(SIGKILL)
        _ = try? process?.waitForExit()
        process = nil
    }

    func signal(_ number: Int32) {
        process?.signal(number)
    }

    /// The exit status, once it has ended.
    @discardableResult
    func waitForExit() throws -> Int32 {
        try process?.waitForExit() ?? -1
    }

    /// A number of /proc/PID/status, for example `VmRSS` in kB.
    func procStatus(_ name: String) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            return Int(line.split(whereSeparator: { $0 == " " || $0 == "\t" })[1]) ?? -1
        }
        return -1
    }
}
