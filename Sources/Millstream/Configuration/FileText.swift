// Reads a small file as text. Blocks.

import Glibc

/// Why a file could not be read.
struct FileFault: Error {
    var reason: String
}

enum FileText {
    /// The file's text, which must be UTF-8 and no longer than `maxBytes`.
    static func read(_ path: String, maxBytes: Int) throws(FileFault) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFault(reason: systemMessage(errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFault(reason: systemMessage(errno)) }
            guard count > 0 else { break }
            bytes.append(contentsOf: piece[..<count])
            guard bytes.count <= maxBytes else { throw FileFault(reason: "is longer than \(UnitText.size(maxBytes))") }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileFault(reason: "is not UTF-8") }
        return text
    }

    private static func systemMessage(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        let status = strerror_r(code, &buffer, buffer.count)
        guard status == 0 else { return "errno \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
