// What the hub needs of the sockets. The server implements it over its stream table; tests implement it in memory.

/// What became of a payload.
public enum Delivery: Hashable, Sendable {
    /// All of it left.
    case sent
    /// The output keeps it by reference and reports ``StreamHub/readerDidDrain(_:)`` when it left. The hub gives the
    /// reader nothing more until then, except its end.
    case pending
    /// There is no such reader any more.
    case gone
}

/// The sockets behind the readers. Loop-confined, as the hub is.
///
/// No method may call the hub back before it returned: drained and closed readers are reported later.
public protocol ReaderOutput: AnyObject {
    /// Bytes that any number of readers will share by reference. The bytes are bare: framing is the output's business.
    /// They are valid during the call only.
    func makePayload(_ body: UnsafeRawBufferPointer) -> AnyObject
    /// Sends what ``makePayload(_:)`` made. Called once per reader and tick at most in the usual case; never while a
    /// payload of that reader is pending.
    func send(_ payload: AnyObject, to reader: ReaderID) -> Delivery
    /// Sends bytes that no other reader needs; they are bare, and valid during the call only.
    func send(_ body: UnsafeRawBufferPointer, to reader: ReaderID) -> Delivery
    /// Something will be sent to the reader in this slot soon: looks at the memory that this takes. What it returns tells nothing; a
    /// look whose result nobody wants might be left out by the compiler.
    func expect(_ slot: UInt32) -> UInt
    /// Ends the reader in order: what is pending, then `last`, then the end. The hub has forgotten the reader by then.
    func finish(_ reader: ReaderID, last: AnyObject?)
    /// Ends the reader at once. The hub has forgotten the reader by then.
    func abort(_ reader: ReaderID)
}

extension ReaderOutput {
    /// For outputs that have no cheaper way.
    public func send(_ body: UnsafeRawBufferPointer, to reader: ReaderID) -> Delivery {
        send(makePayload(body), to: reader)
    }

    public func expect(_ slot: UInt32) -> UInt { 0 }
}
