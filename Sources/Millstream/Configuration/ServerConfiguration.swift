// Everything that an operator can say about a server, as one plain value. It is filled once, before any thread starts,
// from the defaults below, the configuration file, the environment and the flags (ConfigurationLoader); SettingTable
// names each member and holds its bounds. It checks nothing itself: a program that embeds the library may fill it by
// hand.

import MillstreamJobs

/// The settings of a server, by theme. Durations are in milliseconds, sizes in bytes; nil means off.
public struct ServerConfiguration: Sendable, Hashable {
    /// Logs (jobs and channels) on one stream. Fixed by the contract, not a setting.
    public static let maxLogsPerStream = 64
    /// The longest time a request may ask to wait for a job that does not exist yet. Fixed by the contract.
    public static let maxWaitForCreateMs = 30_000

    /// The address to listen on: an IPv4 or IPv6 address, a host name, or `unix:PATH`.
    public var host = "127.0.0.1"
    /// 0 takes a free port.
    public var port = 8080
    /// The directory of the journal and the uploads; made when it is missing.
    public var dataDirectory = "./millstream-data"
    /// Whether the kinds `demo.*` are on.
    public var demo = false
    /// The recording that `demo.transcribe` takes when a job brings none; nil for the one that the set-up installed.
    public var demoRecording: String?
    /// From SIGTERM to the end of what still runs.
    public var gracefulTimeoutMs = 30_000
    /// Origins of other web pages that may use the server; empty for the server's own page only.
    public var corsOrigins: [String] = []

    public var log = Log()
    public var limits = Limits()
    public var streams = Streams()
    public var workers = Workers()
    public var uploads = Uploads()
    public var journal = Journal()
    public var retention = Retention()

    /// The declared kinds, by name. Those of the demo are not among them.
    public var kinds: [String: JobKind] = [:]

    /// The defaults, without any kind.
    public init() {}
}
