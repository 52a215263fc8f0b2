// The files of uploads on disk, how many bytes they are, and how many more are coming in. Loop-confined but for the file system, which may be slow: names change and
// files go on a thread of their own, made at the start, and what came of it comes back through the mailbox.

import Glibc
import MillstreamHTTP
import MillstreamLoop

final class UploadFiles: UploadBudget {
    let directory: String
    /// Bytes of all uploads, those included that are being registered.
    private(set) var byteCount: Int64 = 0
    /// Bytes for which bodies under way have claimed room.
    private(set) var claimedByteCount: Int64 = 0
    /// Of both together; a reload may change it.
    var maxTotalBytes: Int64
    private var sizes: [String: Int64] = [:]
    private var adopting: [String: (Bool) -> Void] = [:]
    private let queue = SerialThread(name: "upload-names")
    private let post: @Sendable (LoopMessage) -> Bool

    /// - Parameters:
    ///   - sizes: of the files that are there already, by id.
    ///   - maxTotalBytes: of the files and of the bodies that are coming in.
    ///   - post: into the loop's mailbox.
    init(
        directory: String, sizes: [String: Int64], maxTotalBytes: Int64, post: @escaping @Sendable (LoopMessage) -> Bool
    ) {
        self.directory = directory
        self.sizes = sizes
        self.maxTotalBytes = maxTotalBytes
        self.post = post
        byteCount = sizes.values.reduce(0, +)
    }

    // MARK: UploadBudget

    func claim(_ byteCount: Int) -> Bool {
        guard self.byteCount + claimedByteCount + Int64(byteCount) <= maxTotalBytes else { return false }
        claimedByteCount += Int64(byteCount)
        return true
    }

    func release(_ byteCount: Int) {
        claimedByteCount -= Int64(byteCount)
    }

    // MARK: Files

    /// Gives the file of a body its name; `done` is told whether it has it, later and on the loop.
    func adopt(_ path: String, as id: String, byteCount: Int64, _ done: @escaping (Bool) -> Void) {
        sizes[id] = byteCount
        self.byteCount += byteCount
        adopting[id] = done
        let target = directory + "/" + id
        queue.async { [post, directory] in
            let isThere = rename(path, target) == 0 && Self.sync(directory)
            if !isThere {
                unlink(path)
                unlink(target)
            }
            // The loop always drains: a full mailbox has room again in a moment.
            while !post(.uploadAdopted(id: id, isThere: isThere)) { usleep(1000) }
        }
    }

    /// The new name survives a power loss before the journal knows of it.
    private static func sync(_ directory: String) -> Bool {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }

    func adoptionDidEnd(_ id: String, isThere: Bool) {
        let done = adopting.removeValue(forKey: id)
        if !isThere { forget(id) }
        done?(isThere)
    }

    /// Forgets it and removes its file.
    func remove(_ id: String) {
        forget(id)
        let path = directory + "/" + id
        queue.async { unlink(path) }
    }

    private func forget(_ id: String) {
        byteCount -= sizes.removeValue(forKey: id) ?? 0
    }
}
