/// How one talks to a server: which requests make it do what a scenario says.
public enum Dialect: String, Codable, Sendable, CaseIterable {
    /// `/v1/events?channel=c`, `/v1/jobs`, `Last-Event-ID`; the server publishes by a job of the kind `demo.publish`.
    case millstream
    /// `GET /events/N`; the server publishes by itself on `POST /publish?rate=&count=&topics=`. One that has jobs takes Millstream's
    /// requests for `demo.steps`.
    case peer
    /// `GET /events/N`; the generator publishes by `POST /pub/N` (nchan).
    case broker
    /// Any address: connects, reads, checks; nothing is published by us.
    case generic

    public var capabilities: Set<Capability> {
        switch self {
        case .millstream: [.read, .publish, .resume, .jobs]
        case .peer: [.read, .publish, .jobs]
        // Its ids do not count from one to the next, so that a resumed stream could not be checked.
        case .broker: [.read, .publish]
        case .generic: [.read]
        }
    }
}
