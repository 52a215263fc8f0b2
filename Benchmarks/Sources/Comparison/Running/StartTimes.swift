import Foundation

/// How long a fresh server takes from exec to its first answer.
enum StartTimes {
    /// Named so in results; there is no scenario file, since there is no load.
    static let scenario = "start"

    /// Milliseconds of each start, each with an empty data directory, so with the creation of its store.
    static func measure(
        _ spec: ServerSpec, count: Int, cores: CoreSet, in bench: Workbench, port: () throws -> UInt16
    ) throws -> [Double] {
        try (0..<count).map { number in
            try bench.withScratch("start-\(number)") { directory in
                let port = try port()
                let begin = ContinuousClock.now
                let server = try ServerRun(spec, port: port, cores: cores, directory: directory)
                defer { server.stop() }
                try server.waitUntilReady(atMost: .seconds(10), pause: .microseconds(200))
                return (ContinuousClock.now - begin).microseconds / 1000
            }
        }
    }
}
