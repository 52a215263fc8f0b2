import Glibc
import MillstreamLoop
import Testing

@Suite struct MailboxTests {
    @Test func messagesOfManyThreadsArriveInOrderOfEach() throws {
        let mailbox = try Mailbox<(thread: Int, number: Int)>(capacity: 1_000_000)
        let loop = try EventLoop()
        let threads = 4
        let count = 20_000
        var next = [Int](repeating: 0, count: threads)
        mailbox.attach(to: loop) { batch in
            for message in batch {
                #expect(next[message.thread] == message.number)
                next[message.thread] += 1
            }
            if next.allSatisfy({ $0 == count }) { loop.stop() }
        }
        for thread in 0..<threads {
            startThread {
                for number in 0..<count { mailbox.post((thread, number)) }
            }
        }
        loop.run()
        #expect(next == [Int](repeating: count, count: threads))
        #expect(mailbox.depth == 0)
    }

    /// A wake-up that a rest swallowed would leave the loop asleep with a message in its mailbox: this would not end.
    @Test(arguments: [1, 50_000]) func restsBetweenTicksLoseNoWakeUp(restNs: Int) throws {
        let mailbox = try Mailbox<Int>(capacity: 1_000_000)
        let loop = try EventLoop()
        let count = 20_000
        var received = 0
        mailbox.attach(to: loop) { batch in
            for number in batch {
                #expect(number == received)
                received += 1
            }
            if received == count { loop.stop() }
        }
        loop.atTickEnd(.rest) { mailbox.wait(atMostNs: restNs) }
        startThread {
            for number in 0..<count {
                mailbox.post(number)
                if number % 16 == 0 { sched_yield() }
            }
        }
        loop.run()
        #expect(received == count)
    }

    @Test func messageThatIsThereEndsARestAndTheNextTicksPoll() throws {
        let mailbox = try Mailbox<Int>(capacity: 10)
        let loop = try EventLoop()
        var received: [Int] = []
        mailbox.attach(to: loop) { received += $0 }
        for number in 1...3 {
            mailbox.post(number)
            mailbox.wait(atMostNs: 999_999_999)
            mailbox.wait(atMostNs: 999_999_999)
            loop.tick()
            #expect(received.last == number)
        }
    }

    @Test func fullMailboxRefusesExactlyWhatIsTooMuch() throws {
        let mailbox = try Mailbox<Int>(capacity: 3)
        #expect((0..<5).map { mailbox.post($0) } == [true, true, true, false, false])
        #expect(mailbox.depth == 3)
        #expect(mailbox.refusedCount == 2)
        let loop = try EventLoop()
        var received: [Int] = []
        mailbox.attach(to: loop) { batch in
            received += batch
            loop.stop()
        }
        loop.run()
        #expect(received == [0, 1, 2])
        #expect(mailbox.post(9))
    }

    @Test func eachPostIntoAnEmptyMailboxEndsAPoll() throws {
        let mailbox = try Mailbox<Int>(capacity: 3)
        let loop = try EventLoop()
        var received: [Int] = []
        mailbox.attach(to: loop) { batch in received += batch }
        for number in 0..<100 {
            mailbox.post(number)
            // Returns at all: nobody ever reads the eventfd, so each write has to be news.
            loop.tick()
            #expect(received.count == number + 1)
        }
        #expect(received == Array(0..<100))
    }

    @Test func closedMailboxStillDrains() throws {
        let mailbox = try Mailbox<Int>(capacity: 3)
        mailbox.post(1)
        mailbox.close()
        #expect(!mailbox.post(2))
        let loop = try EventLoop()
        var received: [Int] = []
        mailbox.attach(to: loop) { batch in
            received += batch
            loop.stop()
        }
        loop.run()
        #expect(received == [1])
    }

    @Test func postFromTheLoopArrivesInALaterDrain() throws {
        let mailbox = try Mailbox<Int>(capacity: 3)
        let loop = try EventLoop()
        var batches: [[Int]] = []
        mailbox.attach(to: loop) { batch in
            batches.append(Array(batch))
            if batch == [1] { mailbox.post(2) } else { loop.stop() }
        }
        mailbox.post(1)
        loop.run()
        #expect(batches == [[1], [2]])
    }
}

func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
}
