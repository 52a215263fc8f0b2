// A directory that lives as long as its object.

import Foundation

final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("millstream-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }

    /// Writes a text; scripts (`.sh`, `.py`) become executable. No program is started meanwhile: it would inherit the descriptor, and
    /// a script that somebody may write to cannot be run (ETXTBSY).
    @discardableResult
    func write(_ name: String, _ text: String) throws -> URL {
        ChildProcess.spawning.lock()
        defer { ChildProcess.spawning.unlock() }
        let file = file(name)
        let mode: mode_t = name.hasSuffix(".sh") || name.hasSuffix(".py") ? 0o755 : 0o644
        let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw TestFailure("\(file.path): errno \(errno)") }
        defer { close(descriptor) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw TestFailure("\(file.path): errno \(errno)") }
            rest = rest.dropFirst(count)
        }
        return file
    }
}
