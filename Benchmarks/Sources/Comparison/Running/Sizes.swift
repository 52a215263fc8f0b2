import Load

// A scenario made so small that its whole run takes a second or two: for `--quick`, which proves that every piece works. Pure.

extension Scenario {
    /// - Parameter share: of streams, jobs and events that is kept.
    package func shrunk(to share: Double = 0.02) -> Scenario {
        var small = self
        small.settleS = min(settleS, 0.2)
        small.openTimeoutS = min(openTimeoutS, 20)
        for index in small.readers.indices {
            let group = small.readers[index]
            small.readers[index].count = Self.fewer(group.count, share, least: 6)
            small.readers[index].channels = min(group.channels, Self.fewer(group.channels, share, least: 5))
        }
        for index in small.phases.indices {
            small.phases[index].timeoutS = min(small.phases[index].timeoutS, 15)
            small.phases[index].activities = small.phases[index].activities.map { $0.shrunk(to: share) }
        }
        return small
    }

    fileprivate static func fewer(_ count: Int, _ share: Double, least: Int) -> Int {
        min(count, max(least, Int((Double(count) * share).rounded())))
    }
}

extension Activity {
    fileprivate func shrunk(to share: Double) -> Activity {
        let fewer = { (count: Int, least: Int) in Scenario.fewer(count, share, least: least) }
        switch self {
        case .publish(var publish):
            publish.channels = fewer(publish.channels, 5)
            // A second of events, and at a fixed rate not so many that a busy machine cannot.
            publish.rate = publish.rate > 0 ? min(publish.rate, 2000) : 0
            publish.count = min(publish.count, publish.rate > 0 ? max(5, Int(publish.rate)) : 2000)
            return .publish(publish)
        case .idle(var idle):
            idle.seconds = min(idle.seconds, 1)
            return .idle(idle)
        case .createJobs(var jobs):
            jobs.count = fewer(jobs.count, 100)
            return .createJobs(jobs)
        case .wholeJobs(var jobs):
            jobs.count = jobs.count > 0 ? fewer(jobs.count, 100) : 0
            jobs.seconds = min(jobs.seconds, 1)
            jobs.inFlight = min(jobs.inFlight, 20)
            return .wholeJobs(jobs)
        case .runningJobs(var jobs):
            jobs.jobs = fewer(jobs.jobs, 10)
            jobs.steps = min(jobs.steps, jobs.intervalMs > 0 ? max(1, 1000 / jobs.intervalMs) : 100)
            jobs.holdS = min(jobs.holdS, 1)
            return .runningJobs(jobs)
        case .commitEvents(var events):
            events.eventsPerJob = fewer(events.eventsPerJob, 100)
            events.channelsPerJob = fewer(events.channelsPerJob, 5)
            return .commitEvents(events)
        case .churn(var churn):
            churn.rate = min(churn.rate, 100)
            churn.seconds = min(churn.seconds, 2)
            return .churn(churn)
        case .stall(var stall):
            stall.seconds = min(stall.seconds, 2)
            return .stall(stall)
        case .disconnect, .resume:
            return self
        }
    }
}
