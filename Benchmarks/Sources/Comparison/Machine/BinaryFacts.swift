import Foundation

/// The size of a binary as one would ship it.
package struct BinaryFacts: Codable, Sendable, Equatable {
    package var strippedBytes: Int
    /// Shared libraries that it still needs.
    package var needs: [String]

    package var hasStaticSwiftRuntime: Bool {
        !needs.contains { $0.hasPrefix("libswift") || $0.hasPrefix("libFoundation") }
    }

    /// Strips a copy; the file itself stays as it is.
    package static func of(_ file: URL, scratch: URL) throws -> BinaryFacts {
        let copy = scratch.appendingPathComponent("stripped").path
        defer { try? FileManager.default.removeItem(atPath: copy) }
        guard commandOutput("strip", ["-s", "-o", copy, file.path]) != nil else {
            throw RunnerError(
                "cannot strip \(file.path); binutils (`Config/setup.sh bench` installs it) and an ELF file are needed")
        }
        let size = try FileManager.default.attributesOfItem(atPath: copy)[.size] as? Int ?? 0
        let dynamic = commandOutput("readelf", ["-d", copy]) ?? ""
        let needs = dynamic.split(separator: "\n").filter { $0.contains("(NEEDED)") }.compactMap { line in
            line.split(separator: "[").last?.split(separator: "]").first.map(String.init)
        }
        return BinaryFacts(strippedBytes: size, needs: needs)
    }
}
