import Glibc
import MillstreamLoop
import Testing

@Suite(.serialized) struct EventLoopTests {
    @Test func tickRunsCallbacksThenMailboxesThenItsEnd() throws {
        let loop = try EventLoop()
        let mailbox = try Mailbox<Int>(capacity: 10)
        var order: [String] = []
        mailbox.attach(to: loop) { _ in order.append("mailbox") }
        loop.atTickEnd(.rest) { order.append("rest") }
        loop.atTickEnd(.settle) { order.append("settle") }
        loop.atTickEnd { order.append("flush") }
        let timer = loop.schedule(afterMs: 0) { order.append("timer") }
        mailbox.post(1)
        // libevent's clock is the coarse one: once it has gone a step, the timer is due.
        let scheduled = coarseNanoseconds()
        while coarseNanoseconds() == scheduled { usleep(1_000) }
        loop.tick()
        #expect(order == ["timer", "mailbox", "flush", "settle", "rest"])
        timer.cancel()
    }

    @Test func tickThatLeftWorkBehindIsFollowedByOneThatDoesNotWait() throws {
        let loop = try EventLoop()
        var ticks = 0
        loop.atTickEnd {
            ticks += 1
            if ticks < 3 { loop.tickAgain() }
        }
        // Nothing else happens in this loop for a minute.
        var isOver = false
        let timer = loop.schedule(afterMs: 60_000) { isOver = true }
        loop.tickAgain()
        for _ in 0..<3 { loop.tick() }
        #expect(!isOver)
        timer.cancel()
    }

    @Test func timerIsNotEarly() throws {
        let loop = try EventLoop()
        let started = MonotonicTime.current()
        let timer = loop.schedule(afterMs: 20) { loop.stop() }
        loop.run()
        // libevent's clock on epoll has a resolution of 4 ms.
        #expect(MonotonicTime.current().milliseconds(since: started) >= 15)
        #expect(!timer.isActive)
    }

    @Test func timerCountsFromNowAndNotFromTheTicksBeginning() throws {
        let loop = try EventLoop()
        var inner: LoopTimer?
        var started = MonotonicTime.current()
        let outer = loop.schedule(afterMs: 0) {
            usleep(50_000)
            started = .current()
            inner = loop.schedule(afterMs: 30) { loop.stop() }
        }
        loop.run()
        #expect(MonotonicTime.current().milliseconds(since: started) >= 25)
        withExtendedLifetime((outer, inner)) {}
    }

    @Test func repeatingTimerRepeatsUntilCancelledFromWithin() throws {
        let loop = try EventLoop()
        var count = 0
        var timer: LoopTimer?
        var end: LoopTimer?
        timer = loop.schedule(afterMs: 1, repeating: true) {
            count += 1
            guard count == 3 else { return }
            timer?.cancel()
            timer = nil
            end = loop.schedule(afterMs: 60) { loop.stop() }
        }
        loop.run()
        #expect(count == 3)
        withExtendedLifetime(end) {}
    }

    @Test func releasedTimerDoesNotFire() throws {
        let loop = try EventLoop()
        var fired = false
        do { _ = loop.schedule(afterMs: 1) { fired = true } }
        let end = loop.schedule(afterMs: 30) { loop.stop() }
        loop.run()
        #expect(!fired)
        withExtendedLifetime(end) {}
    }

    @Test func rearmedTimerFiresAgain() throws {
        let loop = try EventLoop()
        var count = 0
        var timer: LoopTimer?
        timer = loop.schedule(afterMs: 1) {
            count += 1
            if count == 3 { loop.stop() } else { timer?.rearm(afterMs: 1) }
        }
        loop.run()
        #expect(count == 3)
    }

    @Test func deferredCallRunsOnceAfterTheCallback() throws {
        let loop = try EventLoop()
        var order: [String] = []
        let deferred = loop.deferred { order.append("deferred") }
        let timer = loop.schedule(afterMs: 0) {
            deferred.request()
            deferred.request()
            order.append("timer")
        }
        loop.atTickEnd { order.append("end") }
        // libevent's clock is the coarse one: once it has gone a step, the timer is due.
        let scheduled = coarseNanoseconds()
        while coarseNanoseconds() == scheduled { usleep(1_000) }
        loop.tick()
        #expect(order == ["timer", "deferred", "end"])
        withExtendedLifetime(timer) {}
    }

    @Test func deferredCallFromTheTicksEndDoesNotWait() throws {
        let loop = try EventLoop()
        let deferred = loop.deferred { loop.stop() }
        loop.atTickEnd { deferred.request() }
        let timer = loop.schedule(afterMs: 0) {}
        // Without a timer or a descriptor the second tick would wait for ever.
        loop.run()
        withExtendedLifetime((timer, deferred)) {}
    }

    @Test func readableDescriptorIsReportedUntilCancelled() throws {
        let loop = try EventLoop()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var byte: UInt8 = 1
        write(ends[1], &byte, 1)
        var reads = 0
        let input = ends[0]
        let watch = loop.onReadable(input) {
            reads += 1
            read(input, &byte, 1)
        }
        loop.tick()
        #expect(reads == 1)
        watch.cancel()
        write(ends[1], &byte, 1)
        let end = loop.schedule(afterMs: 10) { loop.stop() }
        loop.run()
        #expect(reads == 1)
        withExtendedLifetime(end) {}
    }

    /// In a process of its own: libevent gives all signals to the loop that asked for one last.
    @Test func signalReachesTheLoop() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            var count = 0
            let watch = loop.onSignal(SIGUSR2) {
                count += 1
                loop.stop()
            }
            kill(getpid(), SIGUSR2)
            loop.run()
            precondition(count == 1)
            withExtendedLifetime(watch) {}
        }
    }

    @Test func timeIsConstantWithinATick() throws {
        let loop = try EventLoop()
        var times: [MonotonicTime] = []
        loop.atTickEnd { times.append(loop.now) }
        let timer = loop.schedule(afterMs: 0, repeating: true) {
            times.append(loop.now)
            usleep(2_000)
        }
        loop.tick()
        loop.tick()
        #expect(times.count == 4)
        #expect(times[0] == times[1])
        #expect(times[1] < times[2])
        #expect(times[2] == times[3])
        #expect(loop.takeMaxTick() >= 2_000_000)
        #expect(loop.stats.tickCount == 2)
        withExtendedLifetime(timer) {}
    }

    @Test func callFromAnotherThreadTraps() async {
        await #expect(processExitsWith: .failure) {
            nonisolated(unsafe) let loop = try EventLoop()
            startThread {
                loop.assertOnLoop()
                exit(0)
            }
            while true { pause() }
        }
    }
}

/// What libevent's clock reads.
private func coarseNanoseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
