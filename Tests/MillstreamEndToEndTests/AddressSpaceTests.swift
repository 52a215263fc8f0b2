// A limit of address space (RLIMIT_AS), as batch systems set it: what the threads only set aside must not use it up.

import Foundation
import Testing

@Suite struct AddressSpaceTests {
    /// The threads alone would set aside more, each 64 MiB for malloc and 8 for its stack.
    private static let limitKiB = 700_000

    @Test func aServerWithATightAddressSpaceStartsAndRunsJobs() throws {
        let directory = try TemporaryDirectory()
        try directory.write("millstream.yaml", "kinds:\n  quick:\n    worker: { exec: [\"./quick.sh\"] }\n")
        try directory.write("quick.sh", "#!/bin/sh\nread -r start\necho done\n")
        let server = try ChildProcess(
            "bash",
            [
                "-c", "ulimit -v \(Self.limitKiB); exec \"$0\" \"$@\"", ServerProcess.binary.path, "serve", "--port",
                "0", "--data", directory.file("data").path, "--config", directory.file("millstream.yaml").path,
            ], output: .pipe, errors: directory.file("errors"))
        let line = try #require(try server.readLine())
        let client = TestClient(port: try #require(line.split(separator: ":").last.flatMap { UInt16($0) }))
        for _ in 0..<20 {
            #expect(try client.events(try client.start("quick")).rest().last?.name == "completed")
        }
    }
}
