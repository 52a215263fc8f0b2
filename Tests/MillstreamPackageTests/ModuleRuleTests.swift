// The arrows between the modules, read off the sources: what a module imports must stand in its row, and nothing points up.

import Foundation
import Testing

@Suite struct ModuleRuleTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Module → what it may import of ours and of others. System modules are listed apart.
    static let allowed: [String: Set<String>] = [
        "MillstreamJSON": [],
        "MillstreamSSE": [],
        "MillstreamJournal": ["MillstreamJSON"],
        "MillstreamJobs": ["MillstreamJournal", "MillstreamJSON"],
        "MillstreamStreams": ["MillstreamJournal", "MillstreamSSE", "MillstreamJSON"],
        "MillstreamAccess": ["MillstreamJournal"],
        "MillstreamJournalSQLite": ["MillstreamJournal", "MillstreamJSON", "CSQLite"],
        "MillstreamLoop": ["CLibevent"],
        "MillstreamHTTP": ["MillstreamLoop", "CLibevent"],
        "MillstreamMetrics": ["CoreMetrics"],
        "MillstreamRuntime": [
            "MillstreamJobs", "MillstreamJournal", "MillstreamJSON", "MillstreamLoop", "CMillstreamSpawn",
        ],
        "MillstreamServer": [
            "MillstreamHTTP", "MillstreamLoop", "MillstreamStreams", "MillstreamJobs", "MillstreamJournal",
            "MillstreamJSON", "MillstreamSSE", "MillstreamAccess", "MillstreamRuntime", "Logging", "CoreMetrics",
        ],
        "Millstream": [
            "MillstreamServer", "MillstreamHTTP", "MillstreamLoop", "MillstreamStreams", "MillstreamJobs",
            "MillstreamJournal", "MillstreamJournalSQLite", "MillstreamJSON", "MillstreamSSE", "MillstreamAccess",
            "MillstreamRuntime", "MillstreamMetrics", "Logging", "CoreMetrics", "CYAML",
        ],
        "MillstreamCLI": ["Millstream", "MillstreamJSON", "MillstreamSSE", "ArgumentParser"],
    ]

    /// Rules and state machines that tests drive with a virtual clock: no C library, no threads.
    static let pure: Set<String> = [
        "MillstreamJSON", "MillstreamSSE", "MillstreamJobs", "MillstreamStreams", "MillstreamAccess",
    ]
    static let system: Set<String> = ["Glibc", "Dispatch", "Synchronization"]

    @Test func everyModuleHasARow() throws {
        let modules = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        let swiftModules = Set(modules.filter { $0.hasPrefix("Millstream") })
        #expect(swiftModules == Set(Self.allowed.keys))
    }

    @Test(arguments: allowed.keys.sorted()) func noModuleImportsMoreThanItsRow(module: String) throws {
        let permitted = Self.allowed[module]!.union(Self.pure.contains(module) ? [] : Self.system)
        let folder = Self.root.appendingPathComponent("Sources/\(module)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            count += 1
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard let name = Self.importedModule(line) else { continue }
                #expect(permitted.contains(name), "\(module)/\(file.lastPathComponent) imports \(name)")
            }
        }
        #expect(count > 0)
    }

    @Test func theTopLevelIsThatOfTheDesignCard() throws {
        let card: Set<String> = ["Package.swift", "Sources", "Tests", "Benchmarks", "Config", "README.md"]
        let entries = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        let visible = Set(entries.filter { !$0.hasPrefix(".") && $0 != "Package.resolved" && $0 != "millstream-data" })
        #expect(visible == card)
    }

    /// `import X`, `public import struct X.Y`, `@testable import X`: the module's name.
    static func importedModule(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
            words[..<index].allSatisfy({
                $0.hasPrefix("@") || ["public", "internal", "package", "private"].contains($0)
            })
        else { return nil }
        let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        let name =
            kinds.contains(String(words[index + 1])) && index + 2 < words.count ? words[index + 2] : words[index + 1]
        return name.split(separator: ".").first.map(String.init)
    }
}
