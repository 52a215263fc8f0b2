// The files of uploads on disk, and how many bytes they are. Loop-confined but for the removal of files, which runs on a Dispatch
// queue of its own because the file system may be slow.

import Dispatch
import Glibc
import MillstreamJournal

final class UploadFiles {
    let directory: String
    /// Bytes of all uploads, those included that are being registered.
    private(set) var byteCount: Int64 = 0
    private var sizes: [String: Int64] = [:]
    private let queue = DispatchQueue(label: "millstream.uploads")

    init(directory: String) {
        self.directory = directory
    }

    /// Where the worker of a job finds it. Any thread; the id was checked when it was stored.
    func path(of id: String) -> String { directory + "/" + id }

    func add(_ id: String, byteCount: Int64) {
        sizes[id] = byteCount
        self.byteCount += byteCount
    }

    /// Forgets it and removes its file.
    func remove(_ id: String) {
        byteCount -= sizes.removeValue(forKey: id) ?? 0
        let path = path(of: id)
        queue.async { unlink(path) }
    }
}
