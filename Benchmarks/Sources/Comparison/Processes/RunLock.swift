import Foundation
import Glibc

/// Keeps a second comparison out while one measures: both would be wrong. The lock goes with the process, however it ends.
package final class RunLock {
    private let descriptor: Int32

    package static var defaultPath: String {
        FileManager.default.temporaryDirectory.appendingPathComponent("millstream-compare.lock").path
    }

    package init(path: String = RunLock.defaultPath) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw RunnerError("cannot open the lock file \(path): \(errorText(errno))") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw RunnerError("another comparison is running (it holds \(path)); two at once would both be wrong")
        }
    }

    /// Not by closing alone: a child that another thread has forked, and that has not yet become its program, holds a copy.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
