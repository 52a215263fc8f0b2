// The scenario files that the table of goals and the catalogue of servers speak of.

package enum ScenarioNames {
    package static let fanOut = "fan-out-5"
    package static let opens = "opens"
    package static let idle = "idle-10000"
    package static let idleMore = "idle-19000"
    package static let overload = "overload-100"
    package static let channels = "channels-10000"
    package static let stalled = "stalled-readers"
    /// The same without those that never read; of Millstream alone.
    package static let stalledControl = "stalled-readers-control"
    package static let channelEmission = "emission-channels"
    package static let jobEmission = "emission-jobs"
    package static let busyEmission = "emission-busy"
    package static let commits = "commit-events"
    package static let creates = "create-jobs"
    package static let createsAndRuns = "create-jobs-run"
    package static let wholeJobs = "whole-jobs"
    package static let runningJobs = "running-jobs"
    package static let jobMemory = "job-streams-2000"
    package static let resumeStorm = "resume-storm"
    /// Named after their streams, ascending.
    package static let scaling = [
        (1_000, "scale-1000"), (5_000, "scale-5000"), (10_000, "scale-10000"), (19_000, "scale-19000"),
    ]

    /// Rows that one can ask of any SSE server: no log, no jobs.
    package static let everybody: Set<String> = [opens, fanOut, stalled]
    /// What the C peers do, too.
    package static let streams: Set<String> = everybody.union([overload, channels])
    /// Asked of bare epoll alone, for the curve that ours is held against.
    package static let curve = Set(scaling.map(\.1))
    /// Asked of bare durable: what waits for the disk.
    package static let durable: Set<String> = [
        stalled, jobEmission, channelEmission, creates, createsAndRuns, wholeJobs, runningJobs, resumeStorm,
    ]
    /// What one can ask of a server whose jobs are in its memory alone.
    package static let jobsInMemory: Set<String> = [createsAndRuns, wholeJobs, runningJobs, jobMemory]
    package static let onBothCores: Set<String> = [wholeJobs]
    /// All that the goals speak of. A soak is none of it: `compare soak` runs and judges it.
    package static let compared = Set(GoalTable.all.map(\.scenario)).union([stalledControl])
}
