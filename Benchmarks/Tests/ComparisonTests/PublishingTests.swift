import Foundation
import Testing

@testable import Comparison
@testable import Load

struct PublishingTests {
    @Test(arguments: [
        ("/home/me/millstream/.build/release/millstream", ".build/release/millstream"),
        ("/home/me/millstream/Benchmarks/.build/release/sse-load", "Benchmarks/.build/release/sse-load"),
        ("/home/me/millstream/.build/comparison/scratch/node/report.json", "OUT/scratch/node/report.json"),
        ("/elsewhere/out/scratch/nchan", "OUT/scratch/nchan"), ("/usr/bin/node", "/usr/bin/node"),
        (".build/release/millstream", ".build/release/millstream"), ("8080", "8080"),
    ])
    func aCommandNamesNoDirectoryOfTheMachine(word: String, published: String) {
        #expect(Publishing.shortened([word]) == [published])
    }

    @Test func theOutputHasAName() {
        #expect(Publishing.shortened(["compare", "run", "--out", "/elsewhere/out"]).last == "OUT")
        #expect(Publishing.shortened(["compare", "run", "--out", ".build/here"]).last == ".build/here")
    }

    @Test func resultsAndSoakArePublishedWithoutPlacesAndOtherwiseAsTheyAre() throws {
        var results = SampleResults.threeRounds
        results.command = ["Benchmarks/.build/release/compare", "run", "--out", "/elsewhere/out"]
        results.measurements[1].serverCommand = ["/home/me/millstream/.build/release/millstream"]
        results.measurements[1].loadCommand = ["/elsewhere/out/scratch/millstream/scenario.json"]
        results.measurements[1].report?.command = ["/elsewhere/out/scratch/millstream/scenario.json"]
        var soak = try #require(SampleResults.soak)
        soak.load.command = ["/elsewhere/out/scratch/soak/scenario.json"]
        soak.soak.server.command = ["/home/me/millstream/.build/release/millstream"]
        for data in [
            try LoadReport.encoder().encode(results.published), try LoadReport.encoder().encode(soak.published),
        ] {
            let text = String(decoding: data, as: UTF8.self)
            #expect(!text.contains("/elsewhere") && !text.contains("/home"))
        }
        #expect(SampleResults.threeRounds.published == SampleResults.threeRounds)
    }

    @Test func theFileSystemIsFoundByItsDevice() {
        let mounts = """
            22 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw
            31 22 0:25 / /tmp rw,nosuid master:2 - tmpfs tmpfs rw,size=1g
            32 22 0:26 / /dev/shm rw - tmpfs shm rw
            """
        #expect(FileSystem.name(ofDevice: "254:0", in: mounts) == "ext4")
        #expect(FileSystem.name(ofDevice: "0:25", in: mounts) == "tmpfs")
        #expect(FileSystem.name(ofDevice: "8:1", in: mounts) == nil)
        #expect(FileSystem.name(ofDevice: "0:25", in: "31 22 0:25 / /tmp rw") == nil)
    }

    /// Where the system has one to try it on.
    @Test(.enabled(if: FileSystem.name(under: URL(fileURLWithPath: "/dev/shm")) == "tmpfs"))
    func durableFiguresAreNotMeasuredInMemory() throws {
        let directory = URL(fileURLWithPath: "/dev/shm/comparison-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        #expect(throws: RunnerError.self) { try FileSystem.requireDisk(under: directory) }
    }
}
