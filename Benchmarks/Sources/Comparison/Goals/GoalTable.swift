import Load

// The goals, in the order of the results page: what Millstream set out to reach. Bare epoll in C is the kernel's price of the same
// work; a bound of "× bare epoll" is held against the same round of the same comparison.

package enum GoalTable {
    package static let all: [Goal] = memoryAndOpens + streams + durability + jobs + storms + scaling + start

    /// Beside what waits for the disk: what it took, over the whole run.
    private static func meanFlush(_ row: String, _ scenario: String) -> Goal {
        Goal(row, "the disk's mean flush meanwhile", scenario, Metrics.meanFlush, .reported)
    }

    private static func slowestFlush(_ row: String, _ scenario: String) -> Goal {
        Goal(row, "the disk's slowest flush meanwhile", scenario, Metrics.slowestFlush, .reported)
    }

    private static let memoryAndOpens: [Goal] = [
        Goal("memory per idle stream", "10,000 streams", ScenarioNames.idle, Metrics.bytesPerStream, .atMost(400)),
        Goal("memory per idle stream", "19,000 streams", ScenarioNames.idleMore, Metrics.bytesPerStream, .atMost(400)),
        Goal(
            "memory per idle stream", "10,000 streams, a log of its own for each, log included",
            ScenarioNames.channels, Metrics.bytesPerStream, .reported),
        Goal("opens", "10,000 streams opened", ScenarioNames.opens, Metrics.opensPerS, .atLeast(30_000)),
        Goal(
            "opens", "10,000 streams opened, a log of its own for each", ScenarioNames.channels, Metrics.opensPerS,
            .reported),
        Goal(
            "opens", "with a verified token each", "opens-verified", Metrics.opensPerS, .atLeast(20_000),
            missing: "there are no tokens yet"),
    ]

    private static let stalledRow = "6 readers that never read beside 6 that do"
    private static let streams: [Goal] = [
        Goal(
            "CPU per delivery", "5 events/s to 10,000 streams", ScenarioNames.fanOut, Metrics.cpuPerDelivery,
            .atMost(1.05), .ratio),
        Goal(
            "overload", "100 events/s to 10,000 streams", ScenarioNames.overload, Metrics.deliveriesPerS,
            .atLeast(900_000)),
        Goal("overload", "its latency, p99", ScenarioNames.overload, Metrics.p99, .reported),
        Goal("overload", "growth of memory", ScenarioNames.overload, Metrics.growth, .reported),
        Goal(
            "10,000 channels, 20,000 events/s", "CPU of the loop thread per delivery", ScenarioNames.channels,
            Metrics.loopCpuPerDelivery,
            .atMost(1.1), .ratio),
        Goal(
            "10,000 channels, 20,000 events/s", "CPU of the journal per delivery", ScenarioNames.channels,
            Metrics.journalCpuPerDelivery,
            .reported),
        Goal(
            "10,000 channels, 20,000 events/s", "CPU of all threads but the loop per delivery", ScenarioNames.channels,
            Metrics.otherThreadsCpuPerDelivery, .reported),
        Goal(
            stalledRow, "growth of memory in the second ten seconds", ScenarioNames.stalled, Metrics.growth, .atMost(1)),
        Goal(
            stalledRow, "growth of memory from the first event on", ScenarioNames.stalled, Metrics.wholeGrowth,
            .reported),
        Goal(
            stalledRow, "the same, less that of a run without the six", ScenarioNames.stalled,
            Metrics.growthOfTheStalled, .reported),
        Goal(stalledRow, "p99 of the others", ScenarioNames.stalled, Metrics.p99, .atMost(1)),
        meanFlush(stalledRow, ScenarioNames.stalled),
        slowestFlush(stalledRow, ScenarioNames.stalled),
    ]

    private static let blocked = "durable emission to the socket, 10,000 events/s, all workers blocked"
    private static let durability: [Goal] = [
        Goal(blocked, "from jobs, p50", ScenarioNames.jobEmission, Metrics.p50, .atMost(1)),
        Goal(blocked, "from jobs, p99", ScenarioNames.jobEmission, Metrics.p99, .atMost(5)),
        meanFlush(blocked, ScenarioNames.jobEmission),
        slowestFlush(blocked, ScenarioNames.jobEmission),
        Goal(blocked, "to channels, p50", ScenarioNames.channelEmission, Metrics.p50, .atMost(1)),
        Goal(blocked, "to channels, p99", ScenarioNames.channelEmission, Metrics.p99, .atMost(5)),
        meanFlush(blocked, ScenarioNames.channelEmission),
        slowestFlush(blocked, ScenarioNames.channelEmission),
        Goal("the same beside workers that need the CPU", "p50", ScenarioNames.busyEmission, Metrics.p50, .reported),
        Goal("the same beside workers that need the CPU", "p99", ScenarioNames.busyEmission, Metrics.p99, .reported),
        Goal(
            "durable publishes", "events committed from workers", ScenarioNames.commits, Metrics.committedPerS,
            .atLeast(100_000)),
        Goal(
            "durable publishes", "jobs created over HTTP, to start later", ScenarioNames.creates, Metrics.createdPerS,
            .atLeast(20_000)),
        Goal(
            "durable publishes", "jobs created over HTTP and run", ScenarioNames.createsAndRuns, Metrics.createdPerS,
            .reported),
    ]

    private static let jobs: [Goal] = [
        Goal(
            "whole jobs, 13 events, 100 in flight, two cores", "jobs", ScenarioNames.wholeJobs, Metrics.completedPerS,
            .atLeast(5_000)),
        Goal(
            "whole jobs, 13 events, 100 in flight, two cores", "CPU per job", ScenarioNames.wholeJobs,
            Metrics.cpuPerJob, .atMost(0.25)),
        Goal(
            "whole jobs, 13 events, 100 in flight, two cores", "lost events", ScenarioNames.wholeJobs,
            Metrics.lostEvents, .atMost(0)),
        Goal(
            "200 jobs, an event each 50 ms", "emission to client, p50", ScenarioNames.runningJobs, Metrics.jobEventP50,
            .atMost(0.5)),
        Goal(
            "200 jobs, an event each 50 ms", "emission to client, p99", ScenarioNames.runningJobs, Metrics.jobEventP99,
            .atMost(3)),
        meanFlush("200 jobs, an event each 50 ms", ScenarioNames.runningJobs),
        slowestFlush("200 jobs, an event each 50 ms", ScenarioNames.runningJobs),
        Goal(
            "memory per open stream on a running job",
            "2,000 jobs of a `SteppedHandler` in a pause, job included", ScenarioNames.jobMemory,
            Metrics.bytesPerJobStream, .atMost(2048)),
    ]

    private static let storms: [Goal] = [
        Goal(
            "resume storm: 10,000 readers, 100 events behind", "replayed", ScenarioNames.resumeStorm,
            Metrics.replayedPerS, .atLeast(500_000)),
        Goal(
            "resume storm: 10,000 readers, 100 events behind", "readers that lost events", ScenarioNames.resumeStorm,
            Metrics.notCaughtUp, .atMost(0)),
        Goal(
            "resume storm: 10,000 readers, 100 events behind", "p99 of live readers, by the one before",
            ScenarioNames.resumeStorm,
            Metrics.stormP99, .atMost(2)),
        meanFlush("resume storm: 10,000 readers, 100 events behind", ScenarioNames.resumeStorm),
        slowestFlush("resume storm: 10,000 readers, 100 events behind", ScenarioNames.resumeStorm),
    ]

    private static let scaling: [Goal] = ScenarioNames.scaling.map { streams, scenario in
        Goal(
            "cost as it grows", "\(Figure.text(Double(streams))) streams, CPU per delivery", scenario,
            Metrics.cpuPerDelivery, .atMost(1.15), .ratio)
    }

    private static let start: [Goal] = [
        Goal("start to first request", "exec to the first 200", StartTimes.scenario, Metrics.start, .atMost(50)),
        Goal(
            "idle CPU, 10,000 quiet streams", "of a core, beyond the heartbeats' sends", ScenarioNames.idle,
            Metrics.idleCpuBeyondHeartbeats, .atMost(1)),
        Goal("idle CPU, 10,000 quiet streams", "of a core, in all", ScenarioNames.idle, Metrics.idleCpu, .reported),
        Goal(
            "binary", "stripped, static Swift runtime", StartTimes.scenario, Metrics.binarySize, .atMost(25)),
    ]
}
