// The name of one reader, given by the output. A value.

/// One open stream as its output names it: the slot is dense and used again, the pair never is.
public struct ReaderID: Hashable, Sendable {
    /// Small and dense: the hub keeps its state of the reader in a flat array at this place.
    public let slot: UInt32
    public let generation: UInt32

    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}
