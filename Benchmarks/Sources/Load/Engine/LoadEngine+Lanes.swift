import CLoad

// Connections for requests in the engine's set: who owns a lane hears of its answers in the engine's turns. Engine's thread only.

extension LoadEngine {
    /// Keep-alive connections for requests with an answer of some bytes.
    func makeLane(connections: Int, owner: any LaneOwner) throws(LoadError) -> RequestLane {
        let number = lanes.firstIndex { $0 == nil } ?? lanes.count
        let poller = poller
        let lane = try RequestLane(connections: connections, target: target, owner: owner) { fd, connection in
            let tag = Self.laneBit | UInt64(number) << 32 | UInt64(connection)
            return cload_epoll_add(poller, fd, UInt32(CLOAD_IN | CLOAD_RDHUP), tag)
        }
        if number == lanes.count { lanes.append(lane) } else { lanes[number] = lane }
        return lane
    }

    func removeLanes() {
        for lane in lanes { lane?.closeAll() }
        lanes.removeAll()
    }
}
