// The hub's questions to the store, over the replay lanes. Loop-confined; the answers come back through the mailbox.

import MillstreamJournal
import MillstreamRuntime
import MillstreamStreams

final class ReplaySource: LogSource {
    private unowned let core: ServerCore
    unowned var hub: StreamHub!

    init(core: ServerCore) {
        self.core = core
    }

    func requestPage(of ref: LogRef, after: Int64, maxEvents: Int, maxBytes: Int, token: PageToken) -> Bool {
        let question = ReadRequest.page(ref, after: after, maxEvents: maxEvents, maxBytes: maxBytes)
        return ask(question) { [unowned self] result in
            switch result {
            case .success(.events(let events)): hub.pageArrived(token, .success(events))
            case .success: break
            case .failure(let error): hub.pageArrived(token, .failure(error))
            }
        }
    }

    func requestHead(of name: LogName, token: PageToken) -> Bool {
        ask(.head(name)) { [unowned self] result in
            switch result {
            case .success(.head(let head)): hub.headArrived(token, .success(head.map(Self.extent)))
            case .success: break
            case .failure(let error): hub.headArrived(token, .failure(error))
            }
        }
    }

    private static func extent(_ head: LogHead) -> LogExtent {
        switch head {
        case .job(let record): LogExtent(record)
        case .channel(let record): LogExtent(record)
        }
    }

    private func ask(_ question: ReadRequest, _ done: @escaping (ServerCore.ReadAnswer) -> Void) -> Bool {
        do throws(Problem) {
            try core.read(question, done)
            return true
        } catch {
            return false
        }
    }
}
