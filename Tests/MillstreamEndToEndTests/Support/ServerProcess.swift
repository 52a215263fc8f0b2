// A real `millstream serve` in a process of its own, with a data directory of its own and a port that the system chose.

import Foundation

/// Starts, kills and restarts the server under test. The data directory goes with the object.
final class ServerProcess {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The binary that `swift build` made, or the one named by MILLSTREAM_BINARY.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["MILLSTREAM_BINARY"] { return URL(fileURLWithPath: path) }
        return packageRoot.appendingPathComponent(".build/debug/millstream")
    }()

    static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    let directory: URL
    private(set) var port: UInt16 = 0
    private var process: Process?
    private let arguments: [String]
    private var logFile: URL { directory.appendingPathComponent("server.log") }

    /// `configuration` is the text of a YAML file; kinds that it declares find their programs beside it, in `directory`.
    init(_ arguments: [String] = ["--demo"], configuration: String? = nil, files: [String: String] = [:]) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("millstream-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for (name, text) in files {
            let file = directory.appendingPathComponent(name)
            try text.write(to: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        var arguments = arguments
        if let configuration {
            let file = directory.appendingPathComponent("millstream.yaml")
            try configuration.write(to: file, atomically: true, encoding: .utf8)
            arguments += ["--config", file.path]
        }
        self.arguments = arguments
        try start()
    }

    deinit {
        kill9()
        try? FileManager.default.removeItem(at: directory)
    }

    var data: URL { directory.appendingPathComponent("data") }
    var client: TestClient { TestClient(port: port) }
    var pid: Int32 { process?.processIdentifier ?? 0 }
    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// Starts it (again), on the port it had before.
    func start() throws {
        let process = Process()
        process.executableURL = Self.binary
        process.arguments = ["serve", "--port", "\(port)", "--data", data.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        if !FileManager.default.fileExists(atPath: logFile.path) {
            FileManager.default.createFile(atPath: logFile.path, contents: nil)
        }
        let log = try FileHandle(forWritingTo: logFile)
        log.seekToEndOfFile()
        process.standardError = log
        try process.run()
        self.process = process
        let line = try Self.firstLine(of: output.fileHandleForReading)
        guard let line, let port = line.split(separator: ":").last.flatMap({ UInt16($0) }), line.contains(" listening on http://")
        else {
            process.waitUntilExit()
            throw Failure(description: "no ready line but \(line ?? "the end"); status \(process.terminationStatus); log:\n\(self.log)")
        }
        self.port = port
    }

    func kill9() {
        guard let process, process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    func signal(_ number: Int32) {
        kill(pid, number)
    }

    /// The exit status, once it has ended.
    func waitForExit() -> Int32 {
        process?.waitUntilExit()
        return process?.terminationStatus ?? -1
    }

    private static func firstLine(of handle: FileHandle) throws -> String? {
        var bytes: [UInt8] = []
        var poller = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
        while poll(&poller, 1, 60_000) > 0 {
            var byte: UInt8 = 0
            guard read(handle.fileDescriptor, &byte, 1) == 1 else { return nil }
            if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        throw Failure(description: "the server said nothing for 60 s")
    }
}
