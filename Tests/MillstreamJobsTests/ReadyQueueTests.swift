import MillstreamJournal
import MillstreamTestSupport
import Testing

@testable import MillstreamJobs

struct ReadyQueueTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func anySequenceOfChangesAgreesWithASortedArray(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var queue = ReadyQueue()
        var model: [QueueKey] = []
        for order in 1...2000 as ClosedRange<Int64> {
            if random.chance(60) || model.isEmpty {
                let key = QueueKey(priority: Int.random(in: -3...3, using: &random), order: order)
                queue.insert(LogRef(order), at: key)
                model.insert(key, at: model.firstIndex { key < $0 } ?? model.count)
            } else {
                let key = model.remove(at: Int.random(in: 0..<model.count, using: &random))
                let removed = [queue.remove(key), queue.remove(key)]
                #expect(removed == [true, false])
            }
            #expect(queue.count == model.count)
            #expect(queue.first?.number == model.first?.order)
            if let key = model.randomElement(using: &random) {
                #expect(queue.position(of: key) == model.firstIndex(of: key)! + 1)
            }
        }
        #expect(queue.refs.map(\.number) == model.map(\.order))
    }
}
