// The directory that holds everything the server keeps: the journal, the uploads, and the lock that keeps a second server out.

import Glibc

/// A locked data directory. The lock goes with the object, and with the process however that ends.
final class DataDirectory {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// From the root: programs get paths in it, and run elsewhere.
    let path: String
    private let lock: Int32

    /// Makes the directory and its parts when they are not there.
    init(_ path: String) throws(Failure) {
        self.path = FilePath.absolute(path)
        try Self.makeDirectory(path)
        try Self.makeDirectory(path + "/uploads")
        let file = path + "/lock"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Failure(description: "\(file): \(Self.errorText())") }
        // flock, not a pid file: the kernel gives it back when the process is killed.
        guard Self.take(lock) else {
            let reason = errno == EWOULDBLOCK ? "another server uses this data directory" : Self.errorText()
            close(lock)
            throw Failure(description: "\(path): \(reason)")
        }
    }

    deinit {
        close(lock)
    }

    var journal: String { path + "/journal.sqlite" }
    var uploads: String { path + "/uploads" }

    /// Asks for a second, not once: a killed server may have left a child between fork and exec, which holds the lock until it has
    /// become its program.
    private static func take(_ lock: Int32) -> Bool {
        for _ in 0..<100 {
            if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK || errno == EINTR else { return false }
            poll(nil, 0, 10)
        }
        errno = EWOULDBLOCK
        return false
    }

    private static func makeDirectory(_ path: String) throws(Failure) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            partial += part + "/"
            guard mkdir(partial, 0o700) != 0, errno != EEXIST else { continue }
            throw Failure(description: "\(partial): \(errorText())")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw Failure(description: "\(path): is not a directory")
        }
    }

    private static func errorText() -> String {
        String(cString: strerror(errno))
    }
}
