// How far a log reaches, as far as somebody knows. A plain value.

import MillstreamJournal

/// The head of a log: which run it is, its last event, what retention took, whether it has ended.
public struct LogExtent: Hashable, Sendable {
    public var ref: LogRef
    public var epoch: Epoch
    /// The last event's number; 0 when there is none.
    public var lastSequence: Int64
    /// Events up to this one were taken by retention; 0 for none.
    public var trimmedThrough: Int64
    /// Whether the last event is the terminal one. Channels never end.
    public var hasEnded: Bool

    public init(ref: LogRef, epoch: Epoch, lastSequence: Int64, trimmedThrough: Int64 = 0, hasEnded: Bool = false) {
        self.ref = ref
        self.epoch = epoch
        self.lastSequence = lastSequence
        self.trimmedThrough = trimmedThrough
        self.hasEnded = hasEnded
    }

    public init(_ job: JobRecord) {
        self.init(
            ref: job.ref, epoch: job.epoch, lastSequence: job.lastSequence, trimmedThrough: job.trimmedThrough,
            hasEnded: job.state.isTerminal)
    }

    public init(_ channel: ChannelRecord) {
        self.init(
            ref: channel.ref, epoch: channel.epoch, lastSequence: channel.lastSequence,
            trimmedThrough: channel.trimmedThrough)
    }
}
