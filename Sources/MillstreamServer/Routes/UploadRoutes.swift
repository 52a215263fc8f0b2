// Files that clients bring. The HTTP layer has written the body to a file of the server's own naming already; here it becomes an
// upload: counted, journalled, answered. Loop-confined.

import Glibc
import MillstreamHTTP
import MillstreamJSON
import MillstreamJobs
import MillstreamJournal
import MillstreamRuntime

final class UploadRoutes {
    private unowned let core: ServerCore

    init(core: ServerCore) {
        self.core = core
    }

    // MARK: POST /v1/uploads

    func store(_ request: RequestContext, _ exchange: HTTPExchange) throws(Problem) {
        switch exchange.requestBody {
        case .failed(let failure):
            if failure.errorNumber == ENOSPC || failure.errorNumber == EDQUOT {
                throw Problem(.insufficientStorage, "the disk is full; nothing was stored")
            }
            throw Self.notStored
        case .none, .bytes: throw Problem(.malformedRequest, "the body is missing")
        case .file(let file): register(file, request, exchange)
        }
    }

    private func register(_ file: UploadedFile, _ request: RequestContext, _ exchange: HTTPExchange) {
        guard let taken = exchange.takeUpload() else { return }
        let upload = UploadRecord(
            id: RandomID.make(), name: Self.displayName(file.fileName),
            contentType: file.contentType ?? "application/octet-stream", byteCount: Int64(file.byteCount),
            createdAt: LedgerTime.current().wall)
        core.uploads.adopt(taken.path, as: upload.id, byteCount: upload.byteCount) { [unowned self] isThere in
            guard isThere else {
                core.refuse(request, Self.notStored)
                return
            }
            journal(upload, request)
        }
    }

    private func journal(_ upload: UploadRecord, _ request: RequestContext) {
        do throws(Problem) {
            try core.submit(.registerUpload(upload)) { [unowned self] reply in
                switch reply {
                case .upload(let upload): created(upload, request)
                case .refused(let refusal): undo(upload, Problem(refusal), request)
                case .job, .published: undo(upload, Problem(.internalError, "unexpected answer"), request)
                }
            }
        } catch {
            undo(upload, error, request)
        }
    }

    /// The server's file system is at fault, not the request.
    private static var notStored: Problem {
        var problem = Problem(.storeUnavailable, "the body could not be stored")
        problem.headers = [("Retry-After", "5")]
        return problem
    }

    private func created(_ upload: UploadRecord, _ request: RequestContext) {
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        writer.member("id", upload.id)
        writer.member("name", upload.name)
        writer.member("content_type", upload.contentType)
        writer.member("size", Int(upload.byteCount))
        writer.endObject()
        core.reply(request, status: 201, headers: [JSONBody.contentType], body: writer.finish().bytes)
    }

    private func undo(_ upload: UploadRecord, _ problem: Problem, _ request: RequestContext) {
        core.uploads.remove(upload.id)
        core.refuse(request, problem)
    }

    /// The client's name for the file, for display: its last part, without control characters, at most 255 bytes.
    private static func displayName(_ name: String?) -> String {
        let last = (name ?? "").split(whereSeparator: { $0 == "/" || $0 == "\\" }).last ?? ""
        var text = String(String.UnicodeScalarView(last.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        while text.utf8.count > 255 { text.removeLast() }
        return text
    }
}
