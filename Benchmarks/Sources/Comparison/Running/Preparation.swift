import Foundation
import Load

extension Results {
    /// Everything but the measurements: looks at the machine, the repository, the disk and the servers.
    /// - Parameters:
    ///   - command: that makes this comparison again.
    ///   - staticBinary: a build of our server whose stripped size is to be told.
    package static func prepare(
        command: [String], rounds: Int, isQuick: Bool, isKeptAwake: Bool, bench: Workbench, servers: [ServerSpec],
        staticBinary: URL?
    ) throws -> Results {
        try FileManager.default.createDirectory(at: bench.output, withIntermediateDirectories: true)
        // A quick run says nothing of any disk.
        if !isQuick { try FileSystem.requireDisk(under: bench.output) }
        return Results(
            command: command, startedAt: ComparisonRun.now(), rounds: isQuick ? 1 : rounds, isQuick: isQuick,
            isKeptAwake: isKeptAwake,
            host: .current(), revision: .of(bench.repository),
            disk: try DiskProbe.measure(in: bench.output, count: isQuick ? 50 : 500),
            servers: servers.map { ServerFacts(name: $0.name, title: $0.title, version: $0.version()) },
            binary: try staticBinary.map { try BinaryFacts.of($0, scratch: bench.output) }, measurements: [])
    }
}
