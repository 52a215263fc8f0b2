// Why a loop or a mailbox could not be made.

/// A fault of the system while loop objects were made.
public enum LoopError: Error, Equatable {
    /// No descriptor or memory left.
    case outOfResources
}
