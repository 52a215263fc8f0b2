import Foundation
import Testing

@testable import Comparison
@testable import Load

struct AheadTests {
    private static func opens(_ server: String, _ perS: [Double], faults: [String] = []) -> [MeasuredRun] {
        perS.enumerated().map { index, value in
            SampleResults.run(
                "opens", server, round: index + 1,
                open: SampleResults.open(bytesPerStream: server == "millstream" ? 200 : 10_000, opensPerS: value),
                faults: faults)
        }
    }

    private static func section(_ runs: [[MeasuredRun]]) -> AheadSection {
        AheadSection(results: SampleResults.results(runs.flatMap { $0 }))
    }

    /// Rows in which any other server is ahead.
    private static func rows(_ section: AheadSection) -> [AheadSection.Row] {
        section.rows(of: section.results.servers.filter { $0.name != ServerCatalog.ours })
    }

    @Test func moreIsBetterOfOpens() throws {
        let section = Self.section([Self.opens("millstream", [30_000]), Self.opens("epoll", [36_000])])
        let row = try #require(Self.rows(section).first)
        #expect(Self.rows(section).count == 1)
        #expect(row.scenario == "opens")
        #expect(row.leads.map(\.server.name) == ["epoll"])
        #expect(abs(try #require(row.leads.first?.factor) - 1.2) < 1e-9)
        #expect(
            try #require(section.text).contains(
                "- **opens**: 10,000 streams opened (`opens`), Millstream 30,000 /s: bare epoll (C) 1.20 ×\n"))
    }

    @Test func lessIsBetterOfCPU() throws {
        let runs = [("millstream", 7.5), ("epoll", 6.0), ("node", 15)].map { server, us in
            [SampleResults.run("fan-out-5", server, phases: [SampleResults.phase(cpuUs: us)])]
        }
        let row = try #require(Self.rows(Self.section(runs)).first)
        #expect(row.metric.title == Metrics.cpuPerDelivery.title)
        #expect(row.leads.map(\.server.name) == ["epoll"])
        #expect(row.leads.first?.factor == 1.25)
    }

    @Test func roundsThatOverlapAreMarked() throws {
        let close = Self.section([
            Self.opens("millstream", [28_000, 30_000, 34_000]), Self.opens("epoll", [32_000, 33_000, 40_000]),
        ])
        #expect(try #require(close.text).contains("bare epoll (C) ~1.10 ×"))
        let apart = Self.section([
            Self.opens("millstream", [28_000, 30_000, 31_000]), Self.opens("epoll", [32_000, 33_000, 40_000]),
        ])
        #expect(try #require(apart.text).contains("bare epoll (C) 1.10 ×"))
    }

    @Test func aFigureOfZeroIsToldAndNotDividedBy() throws {
        let runs = [("millstream", 10_400_000), ("node", 10_000_000)].map { server, after in
            var phase = SampleResults.phase(events: 0)
            phase.memory?.rssBytesAfter = after
            return [SampleResults.run("stalled-readers", server, phases: [phase])]
        }
        #expect(try #require(Self.section(runs).text).contains("Millstream 0.400 MB: Node 0 MB\n"))
    }

    @Test func aServerThatLostEventsIsMarked() throws {
        let section = Self.section([
            Self.opens("millstream", [30_000]), Self.opens("node", [33_000], faults: ["3 events missing"]),
        ])
        #expect(try #require(section.text).contains("Node 1.10 × (with faults)"))
    }

    @Test func whatALeaderDoesNotDoStandsBesideIt() throws {
        let text = try #require(
            Self.section([Self.opens("millstream", [30_000]), Self.opens("epoll", [36_000])]).text)
        #expect(text.contains("- bare epoll (C): a yardstick that nobody would run: no HTTP parser"))
        #expect(!text.contains("- Node: "))
    }

    @Test func whoIsAheadOfNobodyIsNotNamed() throws {
        let section = Self.section([Self.opens("millstream", [30_000]), Self.opens("node", [8_000])])
        let text = try #require(section.text)
        // Opens, and the memory of the streams.
        #expect(text.contains("Another server is ahead in 0 of the 2 rows in which one was measured.\n"))
        #expect(
            text.hasSuffix(
                "A yardstick, which nobody would run, is ahead in 0 of the 0 rows in which one was measured."))
    }

    @Test func yardsticksStandApartFromServers() throws {
        let text = try #require(
            Self.section([
                Self.opens("millstream", [30_000]), Self.opens("epoll", [36_000]), Self.opens("node", [33_000]),
            ]).text)
        let servers = try #require(text.range(of: "Another server is ahead in 1 of the 2 rows"))
        let yardsticks = try #require(
            text.range(of: "A yardstick, which nobody would run, is ahead in 1 of the 2 rows"))
        let node = try #require(text.range(of: "30,000 /s: Node 1.10 ×\n"))
        let epoll = try #require(text.range(of: "30,000 /s: bare epoll (C) 1.20 ×\n"))
        #expect(servers.upperBound < node.lowerBound && node.upperBound < yardsticks.lowerBound)
        #expect(yardsticks.upperBound < epoll.lowerBound)
    }

    @Test func aQuickRunComparesNothing() {
        var results = SampleResults.threeRounds
        results.isQuick = true
        #expect(AheadSection(results: results).text == nil)
    }

    @Test func whatEachServerLeavesOutIsWrittenDown() {
        let root = URL(fileURLWithPath: "/repository")
        let others = ServerCatalog(repository: root, millstream: root).all.map(\.name).filter {
            $0 != ServerCatalog.ours
        }
        #expect(others.allSatisfy { ServerLacks.text(of: $0) != nil })
        #expect(ServerLacks.text(of: ServerCatalog.ours) == nil)
    }
}
