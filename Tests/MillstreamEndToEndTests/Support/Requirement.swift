// Programs and rights that some tests need and some machines lack. Such a test says loudly that it was skipped; with
// MILLSTREAM_TESTS_REQUIRE_ALL=1, as in CI, it fails instead.

import Foundation
import Testing

enum Requirement {
    static let areAllRequired = ProcessInfo.processInfo.environment["MILLSTREAM_TESTS_REQUIRE_ALL"] == "1"

    /// False when the test must be left out.
    static func isMet(_ condition: Bool, _ what: String, _ location: SourceLocation = #_sourceLocation) -> Bool {
        guard !condition else { return true }
        FileHandle.standardError.write(Data("SKIPPED \(location.fileName): \(what) (Config/setup.sh test)\n".utf8))
        if areAllRequired { Issue.record("missing: \(what)", sourceLocation: location) }
        return false
    }

    /// The path of a program; nil, told as above, when it is not there.
    static func program(_ name: String, _ location: SourceLocation = #_sourceLocation) -> String? {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        let found = path.split(separator: ":").map { "\($0)/\(name)" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        return isMet(found != nil, "no program \(name)", location) ? found : nil
    }

    /// The Python that has the client libraries; nil, told as above, when the set-up was not run.
    static func clientPython(_ location: SourceLocation = #_sourceLocation) -> String? {
        let path = ServerProcess.packageRoot.appendingPathComponent(".build/test-clients/bin/python").path
        let found = FileManager.default.isExecutableFile(atPath: path)
        return isMet(found, "no .build/test-clients", location) ? path : nil
    }
}
