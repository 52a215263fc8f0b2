// Room on the disk for uploads: what one connection has claimed of it, from the first byte that is expected to the end of its
// request. The budget itself is the application's, which knows what lies there already. Loop thread only.

/// All uploads together, those that are coming in included. Loop-confined.
public protocol UploadBudget: AnyObject {
    /// False, and nothing is claimed, when there is no room for so many bytes more.
    func claim(_ byteCount: Int) -> Bool
    /// Gives claimed bytes back: the upload failed, or its file is counted as one that is kept from now on.
    func release(_ byteCount: Int)
}

/// What one upload holds of a budget.
struct UploadClaim {
    private let budget: any UploadBudget
    private var byteCount = 0

    init(on budget: any UploadBudget) {
        self.budget = budget
    }

    /// Claims what is missing to this many bytes.
    mutating func grow(to total: Int) throws(Refusal) {
        guard total > byteCount else { return }
        guard budget.claim(total - byteCount) else { throw .noRoomForUpload }
        byteCount = total
    }

    mutating func release() {
        guard byteCount > 0 else { return }
        budget.release(byteCount)
        byteCount = 0
    }
}
