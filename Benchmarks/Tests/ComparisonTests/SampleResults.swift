import Foundation

@testable import Comparison
@testable import Load

/// Results as a comparison would leave them, written by hand: for the goals and the page.
enum SampleResults {
    static func results(_ measurements: [MeasuredRun], rounds: Int = 3) -> Results {
        Results(
            command: ["Benchmarks/.build/release/compare", "run", "--out", "results"],
            startedAt: "2026-11-21T14:00:00Z",
            finishedAt: "2026-11-21T14:30:00Z", rounds: rounds, isQuick: false, isKeptAwake: true,
            host: host,
            revision: Revision(commit: "0123456789abcdef0123456789abcdef01234567", isDirty: false),
            disk: DiskProbe(count: 500, p50Us: 212, p99Us: 890, fileSystem: "ext4"),
            servers: [
                ServerFacts(name: "millstream", title: "Millstream", version: "0.1.0"),
                ServerFacts(name: "epoll", title: "bare epoll (C)", version: "gcc 12.2.0 -O2"),
                ServerFacts(name: "durable", title: "bare durable (C)", version: "gcc 12.2.0 -O2"),
                ServerFacts(name: "node", title: "Node", version: "v20.20.2"),
            ],
            binary: BinaryFacts(strippedBytes: 18_300_000, needs: ["libc.so.6", "libsqlite3.so.0"]),
            measurements: measurements)
    }

    static let host = Host(
        cpu: "A processor", cores: 2, memoryBytes: 25_769_803_776, kernel: "Linux 6.1", system: "Debian GNU/Linux 12",
        governor: "none", congestionControl: "bbr", descriptors: 20_000)

    /// Twenty starts from exec to the first 200.
    static var starts: MeasuredRun {
        var run = run("start", "millstream")
        run.report = nil
        run.startsMs = (0..<20).map { 17 + Double($0) / 10 }
        return run
    }

    static func run(
        _ scenario: String, _ server: String, round: Int = 1, open: OpenReport? = nil, phases: [PhaseReport] = [],
        samples: [Sample] = [], faults: [String] = [], failure: String? = nil
    ) -> MeasuredRun {
        MeasuredRun(
            scenario: scenario, server: server, round: round, startedAt: "2026-11-21T14:00:00Z",
            loadAverage: "0.10 0.20 0.30 1/100 4242", serverCommand: ["server"], serverCores: CoreSet([0]),
            loadCommand: ["sse-load"], loadCores: CoreSet([1]), threads: [server], wallS: 10, stolenShare: 0.015,
            report: failure == nil
                ? LoadReport(
                    scenario: scenario, title: "A scenario", goal: "", server: server, dialect: "peer",
                    machine: Machine(kernel: "Linux 6.1", cpu: "A processor", cores: 2, memoryBytes: 1),
                    command: ["sse-load"],
                    startedAt: "2026-11-21T14:00:00Z", open: open, phases: phases, samples: samples, wallS: 1800,
                    generatorCpuS: 1, faults: faults) : nil,
            startsMs: nil, failure: failure)
    }

    static func open(bytesPerStream: Double, opensPerS: Double = 30_000) -> OpenReport {
        OpenReport(
            wanted: 10_000, opened: 10_000, errors: 0, non200: 0, lastStatus: 200, lastError: "", wallS: 0.3,
            opensPerS: opensPerS,
            latencyUs: quantiles(p50: 3000, p99: 5000), serverCpuS: 0.2, serverCpuUsPerOpen: 20, memory: nil,
            rssBytesPerStream: bytesPerStream, generatorCpuS: 0.3)
    }

    static func phase(
        _ name: String = "fan", events: Int = 500_000, cpuUs: Double = 7.5, p99Us: Double = 90_000, wallS: Double = 10,
        threads: [String: Double]? = nil
    ) -> PhaseReport {
        var counts = StreamCounts.zero
        counts.events = events
        counts.expected = events
        return PhaseReport(
            name: name, measured: true, timedOut: false, wallS: wallS, counts: counts, eventsPerRead: 1,
            deliveriesPerS: Double(events) / wallS,
            latencyUs: events > 0 ? quantiles(p50: p99Us / 3, p99: p99Us) : .none,
            groups: [
                GroupReport(
                    name: "live", streams: 10_000, reading: .all, counts: counts,
                    latencyUs: quantiles(p50: p99Us / 3, p99: p99Us))
            ],
            serverCpuS: Double(events) * cpuUs / 1e6, serverCpuByThread: threads,
            cpuUsPerDelivery: events > 0 ? cpuUs : nil,
            generatorCpuS: 1,
            memory: MemoryChange(
                rssBytesBefore: 10_000_000, rssBytesAfter: 10_400_000, descriptorsBefore: 20, descriptorsAfter: 20),
            publishing: nil, jobs: nil, resume: nil, churn: nil, commits: nil)
    }

    /// Of jobs whose events took so long to their readers.
    static func jobsPhase(p50Us: Double, p99Us: Double, cpuMsPerJob: Double = 0.2) -> PhaseReport {
        var phase = phase("running", events: 40_200, p99Us: p99Us)
        phase.jobs = JobsReport(
            name: "jobs", created: 200, createErrors: 0, completed: 200, failed: 0, jobsWithLostEvents: 0,
            lostEvents: 0, reconnects: 0, createdPerS: 8_000, completedPerS: 20, createUs: .none, endUs: .none,
            eventUs: quantiles(p50: p50Us, p99: p99Us), cpuMsPerJob: cpuMsPerJob, generatorCpuUsPerJob: 50,
            streams: 200)
        return phase
    }

    static func quantiles(p50: Double, p99: Double) -> Quantiles {
        Quantiles(
            count: 1000, min: p50 / 10, mean: p50, p50: p50, p90: (p50 + p99) / 2, p99: p99, p999: p99 * 1.2,
            max: p99 * 1.5)
    }

    /// Three rounds of the rows that any server can be asked for.
    static var threeRounds: Results {
        var runs = [starts]
        for round in 1...3 {
            let drift = Double(round) * 0.1
            // The disk allows the stalled readers' p99 to nobody, the running jobs' to bare durable.
            for (server, slow) in [("millstream", 2.0), ("durable", 1.0)] {
                runs.append(
                    run("stalled-readers", server, round: round, phases: [phase(p99Us: 1_400 * slow + 100 * drift)]))
                runs.append(
                    run(
                        "running-jobs", server, round: round,
                        phases: [jobsPhase(p50Us: 420 * slow, p99Us: 1_600 * slow)]
                    ))
            }
            for (server, cpu, bytes) in [("millstream", 7.6, 284.0), ("epoll", 7.4, 9.2), ("node", 14.9, 10_851)] {
                runs.append(
                    run(
                        "opens", server, round: round,
                        open: open(bytesPerStream: bytes, opensPerS: 28_000 + 1_500 * Double(round))))
                runs.append(run("fan-out-5", server, round: round, phases: [phase(cpuUs: cpu + drift)]))
                runs.append(
                    run(
                        "idle-10000", server, round: round,
                        open: open(bytesPerStream: bytes, opensPerS: 28_000 + 1_500 * Double(round)),
                        phases: [phase("idle", events: 0, wallS: 20)]))
                for (streams, scenario) in ScenarioNames.scaling where server != "node" {
                    runs.append(
                        run(
                            scenario, server, round: round,
                            phases: [phase(cpuUs: cpu - 1 + drift + Double(streams) / 10_000)]))
                }
            }
        }
        return results(runs)
    }

    /// Half an hour in steps of ten seconds.
    static var soak: SoakReport? {
        let samples = (0..<180).map { step in
            Sample(
                atS: Double(step) * 10, phase: "churn", streams: 2000, eventsPerS: 5000, p50Us: 400,
                p99Us: 2000 + Double(step * 37 % 500), maxUs: 4000, jobsPerS: 20, faults: 0,
                rssBytes: 41_000_000 + step * 37 % 23 * 20_000, descriptors: 2040 + step % 7, serverCpu: 0.2,
                generatorCpu: 0.1)
        }
        var report = run("soak", "millstream", phases: [phase("churn")], samples: samples).report
        report?.title = "Churn, jobs, stalled and resuming readers"
        guard let report else { return nil }
        let server = SoakedServer(
            command: ["millstream"], descriptorsBefore: 20, descriptorsAfter: 22, errorLines: [], errorCount: 0,
            warningCount: 0, endedByItself: nil, ending: "exit status 0", endedCleanly: true)
        let findings = [
            SoakFinding(name: "events", text: "900000 read", holds: true, isJudged: true, trend: nil),
            SoakFinding(name: "resident memory", text: "41.2 MB, 41.3 MB", holds: true, isJudged: true, trend: nil),
            SoakFinding(name: "p99 of a second", text: "2.85 ms, 5.73 ms", holds: false, isJudged: false, trend: nil),
        ]
        var soak = SoakReport(
            load: report,
            soak: SoakVerdict(passed: true, findings: findings, limits: SoakLimits(), server: server))
        soak.revision = Revision(commit: "fedcba9876543210fedcba9876543210fedcba98", isDirty: false)
        soak.host = host
        soak.stolenShare = 0.03
        soak.meanFlushMs = 0.21
        soak.slowestFlushMs = 12
        return soak
    }
}
