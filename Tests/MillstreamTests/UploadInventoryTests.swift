// What of the uploads' directory outlives a restart.

import Foundation
import MillstreamJournal
import Testing

@testable import Millstream

@Suite struct UploadInventoryTests {
    @Test func onlyFilesThatTheStoreKnowsStayAndCount() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["known", "unknown", "incoming-1a2b"] {
            try Data(name.utf8).write(to: directory.appendingPathComponent(name))
        }
        let store = MemoryStore(maxBytes: 1 << 20)
        let now = Timestamp(milliseconds: 0)
        // The file of the second is gone: it must not count against the bound for ever.
        try store.commit(
            ["known", "lost"].map {
                .putUpload(UploadRecord(id: $0, name: "", contentType: "a/b", byteCount: 5, createdAt: now))
            })
        #expect(try UploadInventory.take(of: directory.path, store: store) == ["known": 5])
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["known"])
    }
}
