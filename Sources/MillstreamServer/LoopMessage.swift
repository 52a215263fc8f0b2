// What other threads tell the loop. The only way in.

import MillstreamRuntime

public enum LoopMessage: Sendable {
    case lane(CommitReport)
    case read(ReadReport)
    /// The readiness probe's verdict: nil, or why it failed.
    case canary(failure: String?)
    /// The file of a body has its name, or could not get it.
    case uploadAdopted(id: String, isThere: Bool)
    /// What a reload changed.
    case settings(ServerSettings)
    /// The embedding program wants an orderly end, as by SIGTERM.
    case stop
}
