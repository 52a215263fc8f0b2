// How much room the lane's queue has left for those who are bounded: the loop's requests and the workers' emissions each have a share
// of their own, so that neither starves the other. An entry takes room from its coming until it is settled, for whoever counted only
// what waits would let a faulty store fill the memory behind it. A value type; its owner sees to the threads.

struct LaneRoom {
    private let limits: LaneLimits
    private var callerUse = Use()
    private var emissionUse = Use()
    /// How often a bound was reached.
    private(set) var hits = LaneQueue.Hits()

    private struct Use {
        var count = 0
        var bytes = 0

        /// One that is larger than all the bytes comes in alone.
        func fits(_ entry: LaneEntry, maxCount: Int, maxBytes: Int) -> Bool {
            count < maxCount && (count == 0 || bytes + entry.byteCount <= maxBytes)
        }

        mutating func take(_ byteCount: Int) {
            count += 1
            bytes += byteCount
        }

        mutating func free(_ byteCount: Int) {
            count -= 1
            bytes -= byteCount
        }
    }

    init(limits: LaneLimits) {
        self.limits = limits
    }

    /// Entries that have room.
    var callers: Int { callerUse.count }
    var emissions: Int { emissionUse.count }

    /// Gives a request of the loop its room; false, and counted, when there is none.
    mutating func takeCaller(_ entry: LaneEntry) -> Bool {
        guard callerUse.fits(entry, maxCount: limits.maxCallerCommands, maxBytes: limits.maxCallerBytes) else {
            if callerUse.count < limits.maxCallerCommands {
                hits.commandBytes += 1
            } else {
                hits.commands += 1
            }
            return false
        }
        callerUse.take(entry.byteCount)
        return true
    }

    /// Gives an emission its room; false when there is none.
    mutating func takeEmission(_ entry: LaneEntry) -> Bool {
        guard emissionUse.fits(entry, maxCount: limits.maxEmissions, maxBytes: limits.maxEmissionBytes) else {
            return false
        }
        emissionUse.take(entry.byteCount)
        return true
    }

    /// An emission has to stand in line.
    mutating func didMakeWait() {
        if emissionUse.count < limits.maxEmissions {
            hits.emissionBytes += 1
        } else {
            hits.emissions += 1
        }
    }

    /// An entry is done with.
    mutating func free(_ share: LaneEntry.Share, _ byteCount: Int) {
        switch share {
        case .control: break
        case .caller: callerUse.free(byteCount)
        case .emission: emissionUse.free(byteCount)
        }
    }
}
