import Foundation
import Load

// One fresh server on a fresh directory, from its start to its end. Used by one thread.

final class ServerRun {
    let port: UInt16
    let command: [String]
    private let group: ChildGroup
    private let log: URL
    private let spec: ServerSpec

    init(_ spec: ServerSpec, port: UInt16, cores: CoreSet, directory: URL) throws {
        self.spec = spec
        self.port = port
        command = try spec.command(port, directory)
        log = directory.appendingPathComponent("output")
        group = try ChildGroup(command, cores: cores, environment: spec.environment, directory: directory, output: log)
    }

    /// All of its processes, the first one first.
    var processes: [Int32] { ProcessTable.members(ofGroup: group.pid) }

    /// - Parameter pause: between two looks. Short when the start itself is measured.
    func waitUntilReady(atMost limit: Duration, pause: Duration = .milliseconds(5)) throws {
        let deadline = ContinuousClock.now + limit
        while !isReady {
            try Interruption.check()
            guard group.isRunning else { throw RunnerError("\(spec.title) ended at once: \(outputTail)") }
            guard ContinuousClock.now < deadline else {
                throw RunnerError("\(spec.title) does not listen: \(outputTail)")
            }
            usleep(useconds_t(pause.microseconds))
        }
    }

    private var isReady: Bool {
        guard let path = spec.readyPath else { return Loopback.isListening(port) }
        return Loopback.status(of: path, port: port) == 200
    }

    /// Nil while it runs, otherwise in words.
    var unexpectedEnd: String? {
        group.isRunning ? nil : "the server ended by itself (\(group.stop(grace: .zero))): \(outputTail)"
    }

    var outputTail: String { tail(of: log) }

    /// All that it printed so far.
    var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Asks it to end and gives it so long.
    func end(within limit: Duration) -> ChildGroup.Ending { group.stop(grace: limit) }

    /// The streams are gone by now: a server that needs longer than that to end has nothing left to measure.
    func stop() { group.stop(grace: .seconds(1)) }
}

/// The last lines that a child wrote, on one line.
func tail(of log: URL) -> String {
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n").suffix(5).joined(separator: " / ")
    return lines.isEmpty ? "it printed nothing" : String(lines.suffix(600))
}
