/// How flat is flat: what the curves of a soak may grow by between the end of the warm-up and the end of the run. In the report, so that
/// a verdict can be read without the program that gave it.
package struct SoakLimits: Sendable, Equatable, Codable {
    /// Of the run, from its start: not judged. Caches, pools and the store fill.
    package var warmUpShare = 1.0 / 3
    /// Resident memory and the database: this share of their level and not more than so many bytes. In a short run pools still fill.
    package var rssShare = 0.05
    package var rssShareOfShortRun = 0.1
    /// Judged seconds from which on a run is not short.
    package var longRunS = 600.0
    package var rssBytes = 4_000_000.0
    package var databaseShare = 0.2
    package var databaseBytes = 8_000_000.0
    /// The write-ahead log is as large as it once had to be; the server checkpoints at 64 MiB at the latest.
    package var writeAheadBytes = 72_000_000.0
    /// Descriptors beside the streams that the generator has open; it does not see at once when a stalled one is closed.
    package var descriptors = 16.0
    /// After the last stream has gone, above the level before the first one: what is opened when it is first needed.
    package var descriptorsLeft = 8
    /// Dispatch adds one now and then, up to a bound.
    package var threads = 4.0
    /// The p99 of a second: this many times its level and so many microseconds.
    package var latencyFactor = 2.0
    package var latencyUs = 1000.0
    /// Otherwise latency is only reported: a shared machine has moods.
    package var judgesLatency = false

    package init() {}
}
