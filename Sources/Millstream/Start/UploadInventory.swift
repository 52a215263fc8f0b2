// What lies in the directory of uploads when the server starts. Runs once, on the journal lane's thread, before anything is served.

import Glibc
import MillstreamJournal

enum UploadInventory {
    /// Removes what no job can use (bodies that never came to their end, files that the store does not know), and tells the sizes of
    /// the rest by id.
    static func take(of directory: String, store: any JournalStore) throws(JournalError) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        for name in names(in: directory) {
            if let upload = try store.upload(name) {
                sizes[name] = upload.byteCount
            } else {
                unlink(directory + "/" + name)
            }
        }
        return sizes
    }

    private static func names(in directory: String) -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
